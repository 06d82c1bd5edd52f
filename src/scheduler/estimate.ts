import type { Manifest } from '../contract/manifest.ts';
import { cacheParts, type CachePart, type CacheShape } from '../model-files/kv-cache.ts';
import { TEXT_BATCH_TOKENS, textShape } from '../model-files/text-shape.ts';
import { onnxLines, tfjsLines, type EstimateLine } from './estimate-tensor.ts';

/** What one replica needs, from its manifest alone: nothing has been loaded. */
export interface Estimate {
  readonly lines: readonly EstimateLine[];
  readonly memoryBytes: number;
  /** Of that, what lies in a GPU's memory where the engine computes on one: all but its own process. 0: this engine computes on the CPU only. */
  readonly gpuMemoryBytes: number;
  readonly loadMs: number;
}

const MIB = 1_048_576;
/** Bytes of a value as it is computed with. */
const FLOAT_BYTES = 4;
/** A disk that is not fast, in bytes a second: what a load reads at the least. */
const LOAD_BYTES_PER_SECOND = 400 * MIB;
const LOAD_MS_MIN = 700;

/** The engine's own process without a model: Node, its code and the library. Fitted to the peaks that were measured on the starters (docs/guides/scheduling.md). */
/** A command says itself what it needs beside the weights (`memoryMib`); a remote server needs nothing of this machine. */
const RUNTIME_MIB = { llama: 175, onnx: 140, tfjs: 172, echo: 75, command: 0, remote: 0 } as const satisfies Record<Manifest['engine'], number>;

/** llama.cpp offloads weights, cache and buffers; the others' builds have no GPU. */
const ON_GPU: ReadonlySet<Manifest['engine']> = new Set(['llama']);

/** @param commandMib what the operator's template says that a command needs beside the weights */
export function estimate(manifest: Manifest, commandMib = 0): Estimate {
  const lines = [...ENGINE_LINES[manifest.engine](manifest)];
  const runtime = manifest.engine === 'command' ? commandMib : RUNTIME_MIB[manifest.engine];
  lines.unshift({
    what: 'runtime',
    arithmetic: `${runtime} MiB`,
    bytes: runtime * MIB,
    source: manifest.engine === 'command' ? "memoryMib of the operator's template" : `the ${manifest.engine} engine's process, fitted to measured peaks`,
  });
  const memoryBytes = lines.reduce((sum, { bytes }) => sum + bytes, 0);
  const gpuMemoryBytes = ON_GPU.has(manifest.engine) ? memoryBytes - runtime * MIB : 0;
  return { lines, memoryBytes, gpuMemoryBytes, loadMs: LOAD_MS_MIN + (manifest.weights.tensorBytes / LOAD_BYTES_PER_SECOND) * 1_000 };
}

const ENGINE_LINES: Readonly<Record<Manifest['engine'], (manifest: Manifest) => readonly EstimateLine[]>> = {
  llama: llamaLines,
  onnx: (manifest) => [weightsLine(manifest), ...onnxLines(manifest)],
  tfjs: (manifest) => [weightsLine(manifest), ...tfjsLines(manifest)],
  echo: () => [],
  command: (manifest) => (manifest.files.length > 0 ? [weightsLine(manifest)] : []),
  remote: () => [],
};

function weightsLine({ weights }: Manifest): EstimateLine {
  const types = Object.entries(weights.parametersByType).map(([type, count]) => `${count} ${type}`);
  return {
    what: 'weights',
    arithmetic: types.join(' + ') || `${weights.parameters} parameters`,
    bytes: weights.tensorBytes,
    source: 'block sizes of ggml, ONNX and TF.js; summed by tensor',
  };
}

function llamaLines(manifest: Manifest): readonly EstimateLine[] {
  const { weights, task } = manifest;
  const { slots, contextTokens } = textShape(manifest);
  const { embeddingLength = 0, vocabularySize = 0 } = weights;
  // An embedding context computes one text at a time, and that whole.
  const shape = task === 'chat' ? { slots, contextTokens } : { slots: 1, contextTokens, batchTokens: contextTokens };
  const lines = [weightsLine(manifest), ...cacheParts(weights, shape).map((part) => cacheLine(part, shape, weights.cache?.attention ?? 'GQA'))];
  const batch = task === 'chat' ? TEXT_BATCH_TOKENS : contextTokens;
  const logits = task === 'chat' ? batch * vocabularySize * FLOAT_BYTES : 0;
  lines.push({ what: 'logits', arithmetic: `${batch} tokens × ${vocabularySize} words × ${FLOAT_BYTES} bytes`, bytes: logits, source: 'b·V·4, llm-analysis' });
  const activations = batch * embeddingLength * FLOAT_BYTES * ACTIVATION_FACTOR;
  lines.push({
    what: 'activations',
    arithmetic: `${batch} tokens × ${embeddingLength} × ${FLOAT_BYTES} bytes × ${ACTIVATION_FACTOR}`,
    bytes: activations,
    source: 's·h·bytes × constant, llm-analysis',
  });
  return lines;
}

const CACHE_SOURCE = {
  full: 'llama.cpp, llama-kv-cache.cpp',
  window: 'llama.cpp, llama-kv-cache-iswa.cpp: min(context, window + batch)',
  state: 'llama.cpp, llama-memory-recurrent.cpp',
} as const satisfies Record<CachePart['what'], string>;

function cacheLine({ what, layers, cells, bytesPerToken, bytes }: CachePart, { slots }: CacheShape, attention: string): EstimateLine {
  if (what === 'state') return { what: 'recurrent state', arithmetic: `${slots} slots × ${bytesPerToken} bytes`, bytes, source: CACHE_SOURCE.state };
  return {
    what: what === 'full' ? 'key-value cache' : 'key-value cache, window',
    arithmetic: `${slots} slots × ${cells} tokens × ${layers} layers × ${bytesPerToken} bytes (${attention}, FP16)`,
    bytes,
    source: CACHE_SOURCE[what],
  };
}

/** Buffers of one layer that are alive together: input, attention's three, its output, and the feed-forward's four widths. */
const ACTIVATION_FACTOR = 9;
