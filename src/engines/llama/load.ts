import { totalmem } from 'node:os';
import { getLlama, LlamaLogLevel, type Llama, type LlamaModel } from 'node-llama-cpp';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { openVerified } from '../../model-files/verified.ts';

const SLOTS_DEFAULT = 8;
const SLOTS_MAX = 64;
const CONTEXT_TOKENS_DEFAULT = 2048;
/** Of the machine's memory, what a context's KV cache may take at most. */
const KV_MEMORY_SHARE = 0.5;

export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  close(): Promise<void>;
}

export interface LlamaShape {
  readonly slots: number;
  /** Tokens per sequence, prompt and completion together. */
  readonly contextTokens: number;
}

/** Loads the version's one GGUF file, from the bytes that were verified (X26). Nothing is downloaded or built. */
export async function loadModel(spec: EngineSpec): Promise<LoadedModel> {
  const gguf = spec.manifest.files.find((file) => file.path.endsWith('.gguf'));
  const path = gguf && spec.files[gguf.path];
  if (gguf === undefined || path === undefined) throw invalid('The manifest has no GGUF file; the llama engine needs one.', 'files', 'no_model_file');
  const verified = await openVerified(path, gguf.digest);
  try {
    const llama = await getLlama({
      gpu: hasGpuBuild() ? 'auto' : false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: spec.threads,
      logLevel: LlamaLogLevel.error,
      logger: (level, message) => process.stderr.write(`${JSON.stringify({ level, code: 'llama_log', message: message.trim() })}\n`),
    });
    const model = await llama.loadModel({ modelPath: verified.path, useMmap: true });
    return {
      llama,
      model,
      async close() {
        await model.dispose();
        await llama.dispose();
        await verified.close();
      },
    };
  } catch (error) {
    await verified.close();
    throw new Fault('unprocessable', 'model_load_failed', `llama.cpp can't load ${gguf.path}.`, { cause: error });
  }
}

/** Slots and context size: the manifest's options, within what the model and the memory allow. */
export function shapeOf(spec: EngineSpec): LlamaShape {
  const { weights, engineOptions } = spec.manifest;
  const slots = wholeOption(engineOptions, 'slots', SLOTS_MAX) ?? SLOTS_DEFAULT;
  const trained = weights.contextLength ?? CONTEXT_TOKENS_DEFAULT;
  const contextTokens = Math.min(wholeOption(engineOptions, 'contextSize', 2 ** 24) ?? CONTEXT_TOKENS_DEFAULT, trained);
  const bytes = slots * contextTokens * kvBytesPerToken(weights);
  if (bytes > totalmem() * KV_MEMORY_SHARE) {
    throw new Fault(
      'insufficient_storage',
      'context_too_large',
      `${slots} slots of ${contextTokens} tokens need ${bytes} bytes of KV cache; lower engineOptions.slots or contextSize.`,
    );
  }
  return { slots, contextTokens };
}

/** 2 (key, value) × 2 bytes (FP16) × layers × key-value heads × head size. */
function kvBytesPerToken(weights: EngineSpec['manifest']['weights']): number {
  const { layers = 0, embeddingLength = 0, attentionHeads = 1, keyValueHeads = attentionHeads } = weights;
  return 4 * layers * keyValueHeads * (embeddingLength / attentionHeads);
}

function wholeOption(options: Readonly<Record<string, unknown>>, name: string, max: number): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
    throw invalid(`engineOptions.${name} must be a whole number from 1 to ${max}.`, `engineOptions.${name}`);
  }
  return value;
}

/** Apple's build always has Metal; elsewhere a GPU build is a package of its own. */
function hasGpuBuild(): boolean {
  if (process.platform === 'darwin') return process.arch === 'arm64';
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return ['cuda', 'vulkan'].some((gpu) => isInstalled(`@node-llama-cpp/${platform}-${gpu}`));
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
