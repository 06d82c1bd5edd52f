import { jsonExceeds } from '../../contract/json-depth.ts';
import type { WeightsInfo } from '../../contract/manifest.ts';
import type { TensorSignature } from '../../contract/tensor.ts';
import { HeaderReader, type ByteSource } from '../byte-source.ts';
import { createTally } from '../tally.ts';
import { fieldOf, isRecord, malformed, quoted, type Json } from './fields.ts';
import { readGraphSignature } from './graph-signature.ts';
import { looksLikeLayers, readLayersSignature } from './layers-signature.ts';
import type { RunMemory } from './live-values.ts';
import { readWeightsManifest, type WeightGroup } from './weights-manifest.ts';

/** Reader of TF.js' model.json (https://www.tensorflow.org/js/guide/save_load): layers models and graph models. */

const MODEL_JSON_BYTES_MAX = 16 << 20;
const DEPTH_MAX = 64;
const KEYS_MAX = 1 << 20;
const OPEN_BRACE = 0x7b;
const MARK = '"weightsManifest"';

export type TfjsKind = 'layers' | 'graph';

export interface TfjsModel {
  readonly kind: TfjsKind;
  /** model.json, parsed; what of it was not checked here is for TF.js to refuse. */
  readonly json: Json;
  readonly groups: readonly WeightGroup[];
  readonly signature: TensorSignature;
  readonly weights: WeightsInfo;
}

/** Whether a file is a model.json, by what it holds: other JSON files (labels, settings) may lie beside it. */
export function isTfjsModel(source: ByteSource): boolean {
  const first = Buffer.alloc(1);
  if (source.read(0, first) < 1 || first[0] !== OPEN_BRACE) return false;
  const text = Buffer.alloc(Math.min(source.size, MODEL_JSON_BYTES_MAX));
  return text.subarray(0, source.read(0, text)).includes(MARK);
}

/** @throws Fault for anything but a model.json whose weights, layers and signature are all described and known */
export function readTfjs(source: ByteSource): TfjsModel {
  const json = parse(source);
  const kind = kindOf(json);
  const tally = createTally();
  const groups = readWeightsManifest(json, tally);
  const read = kind === 'layers' ? readLayersSignature(json) : { className: 'graph', memory: undefined, ...readGraphSignature(json) };
  const signature = { inputs: read.inputs, outputs: read.outputs };
  const [inputs, outputs] = [signature.inputs, signature.outputs].map((specs) => specs.map(({ name, datatype, shape }) => ({ name, datatype, shape: [...shape] })));
  const weights: WeightsInfo = {
    format: 'tfjs',
    architecture: `tfjs (${read.className})`,
    ...tally.result(),
    ...(read.memory && { activations: bounded(read.memory) }),
    signature: { inputs: inputs ?? [], outputs: outputs ?? [] },
  };
  return { kind, json, groups, signature, weights };
}

/** Sizes that a hostile file claims may multiply to more than a number holds exactly; such a model fits nowhere anyhow. */
function bounded({ values, indexBytes, layerCalls }: RunMemory): NonNullable<WeightsInfo['activations']> {
  return { valuesPerRow: Math.min(values, Number.MAX_SAFE_INTEGER), indexBytes: Math.min(indexBytes, Number.MAX_SAFE_INTEGER), layerCalls };
}

function parse(source: ByteSource): Json {
  const reader = new HeaderReader(source, { format: 'TF.js' });
  const bytes = reader.bytes(source.size, MODEL_JSON_BYTES_MAX);
  const exceeded = jsonExceeds(bytes, { depthMax: DEPTH_MAX, keysMax: KEYS_MAX });
  if (exceeded) throw malformed(exceeded === 'depth' ? `it nests deeper than ${DEPTH_MAX}` : `it has more than ${KEYS_MAX} keys`);
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (isRecord(json)) return json;
  } catch {
    // told below
  }
  throw malformed('model.json is not a JSON object');
}

function kindOf(json: Json): TfjsKind {
  const format = fieldOf(json, 'format');
  if (format === 'layers-model') return 'layers';
  if (format === 'graph-model') return 'graph';
  // Files of TF.js 0.x don't say what they are.
  if (format === undefined) return looksLikeLayers(fieldOf(json, 'modelTopology')) ? 'layers' : 'graph';
  throw malformed(`its format is ${quoted(String(format))}; known are layers-model and graph-model`);
}
