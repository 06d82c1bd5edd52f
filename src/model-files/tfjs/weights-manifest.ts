import { elementsOf, type Tally } from '../tally.ts';
import { fieldOf, isRecord, listOf, malformed, quoted, textOf, type Json } from './fields.ts';

/** A run of weights and the files that hold them, one after the other. */
export interface WeightGroup {
  readonly paths: readonly string[];
  /** The entries as TF.js wants them back, checked. */
  readonly weights: readonly Json[];
  /** What all of the entries need together. */
  readonly bytes: number;
}

const GROUPS_MAX = 1_024;
const WEIGHTS_MAX = 1 << 17;
const SHARDS_MAX = 1_024;
const DIMENSIONS_MAX = 16;
/** A version's files are flat names; so no path can lead out of it. */
const SHARD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Element types as they are stored: our name, and bytes (`DTYPE_VALUE_SIZE_MAP` of TF.js 4.22). */
const STORED: Readonly<Record<string, { readonly type: string; readonly bytes: number }>> = {
  float32: { type: 'FP32', bytes: 4 },
  int32: { type: 'INT32', bytes: 4 },
  bool: { type: 'BOOL', bytes: 1 },
  complex64: { type: 'COMPLEX64', bytes: 8 },
};
const QUANTIZED: Readonly<Record<string, { readonly type: string; readonly bytes: number; readonly of: readonly string[] }>> = {
  uint8: { type: 'UINT8', bytes: 1, of: ['float32', 'int32'] },
  uint16: { type: 'UINT16', bytes: 2, of: ['float32', 'int32'] },
  float16: { type: 'FP16', bytes: 2, of: ['float32'] },
};

interface Seen {
  readonly weights: Set<string>;
  readonly paths: Set<string>;
}

/** The groups of `weightsManifest`. @throws Fault for a path that is no flat name, a name that comes twice, an unknown type, an impossible shape */
export function readWeightsManifest(modelJson: Json, tally: Tally): readonly WeightGroup[] {
  const groups = listOf(modelJson, 'weightsManifest', 'model.json');
  if (groups.length > GROUPS_MAX) throw malformed(`it has ${groups.length} groups of weights; at most ${GROUPS_MAX} are accepted`);
  const seen: Seen = { weights: new Set(), paths: new Set() };
  return groups.map((group) => {
    if (!isRecord(group)) throw malformed('a group of weights is no object');
    const paths = listOf(group, 'paths', 'a group of weights').map((path) => shardName(path, seen));
    let bytes = 0;
    const weights = listOf(group, 'weights', 'a group of weights').map((entry) => {
      const read = readEntry(entry, seen);
      tally.add(read.type, read.elements, read.bytes);
      bytes += read.bytes;
      return read.entry;
    });
    return { paths, weights, bytes };
  });
}

/** Compares what is declared with what is there. @param sizeOf bytes of a file of the version; undefined when it has none of that name */
export function checkShards(groups: readonly WeightGroup[], sizeOf: (path: string) => number | undefined): void {
  for (const { paths, bytes } of groups) {
    let there = 0;
    for (const path of paths) {
      const size = sizeOf(path);
      if (size === undefined) throw malformed(`the file ${quoted(path)}, which model.json names, is missing; publish the whole folder`);
      there += size;
    }
    if (there !== bytes)
      throw malformed(`its files ${paths.slice(0, 3).map(quoted).join(', ')}${paths.length > 3 ? ', …' : ''} have ${there} bytes; the weights in them need ${bytes}`);
  }
}

function shardName(path: unknown, { paths }: Seen): string {
  if (typeof path !== 'string' || !SHARD_NAME.test(path)) throw malformed(`the path ${quoted(String(path))} is not a flat file name; weights lie beside model.json`);
  if (paths.has(path)) throw malformed(`the file ${quoted(path)} is named twice`);
  if (paths.size >= SHARDS_MAX) throw malformed(`it has more than ${SHARDS_MAX} files of weights`);
  paths.add(path);
  return path;
}

function readEntry(entry: unknown, { weights }: Seen): { readonly entry: Json; readonly type: string; readonly elements: number; readonly bytes: number } {
  if (!isRecord(entry)) throw malformed('a weight is no object');
  const name = textOf(entry, 'name', 'a weight');
  const where = `the weight ${quoted(name)}`;
  if (weights.has(name)) throw malformed(`${where} occurs twice`);
  if (weights.size >= WEIGHTS_MAX) throw malformed(`it has more than ${WEIGHTS_MAX} weights`);
  weights.add(name);
  const shape = listOf(entry, 'shape', where);
  if (shape.length > DIMENSIONS_MAX || !shape.every(isCount)) throw malformed(`${where} has no valid shape`);
  const elements = elementsOf(shape);
  if (elements === undefined) throw malformed(`${where} has the impossible shape [${shape.join(',')}]`);
  const { type, bytes } = storedAs(entry, where);
  return { entry, type, elements, bytes: elements * bytes };
}

function storedAs(entry: Json, where: string): { readonly type: string; readonly bytes: number } {
  const dtype = textOf(entry, 'dtype', where);
  const stored = Object.hasOwn(STORED, dtype) ? STORED[dtype] : undefined;
  if (!stored) throw malformed(`${where} has the type ${quoted(dtype)}; known are ${Object.keys(STORED).join(', ')}`);
  // TF.js asks whether the key is there, whatever its value.
  if (!Object.hasOwn(entry, 'quantization')) return stored;
  const quantization = fieldOf(entry, 'quantization');
  if (!isRecord(quantization)) throw malformed(`${where} has a quantization that is no object`);
  const by = textOf(quantization, 'dtype', where);
  const quantized = Object.hasOwn(QUANTIZED, by) ? QUANTIZED[by] : undefined;
  if (!quantized?.of.includes(dtype)) throw malformed(`${where} is ${quoted(dtype)} quantized as ${quoted(by)}, which TF.js doesn't have`);
  if (by !== 'float16' && !['scale', 'min'].every((name) => Number.isFinite(fieldOf(quantization, name)))) throw malformed(`${where} is quantized without a scale and a minimum`);
  return quantized;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
