import { invalid } from './errors.ts';
import { JSON_DEPTH_MAX, JSON_KEYS_MAX, jsonExceeds } from './json-depth.ts';
import { ELEMENT_BYTES, type Datatype, type Tensor } from './tensor.ts';
import { bytesElements, packBytes } from './tensor-shape.ts';

/** Values of a tensor in OIP's JSON form, to and from the binary form. */

/** What TypeScript's library doesn't know yet of Node 24's JSON (proposal-json-parse-with-source). */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}
const exactJson = JSON as unknown as ExactJson;

/** Parses a body that may be hostile. @throws Fault when it nests too deep, has too many keys or isn't JSON */
export function parseJsonBody(body: Uint8Array): unknown {
  const exceeded = jsonExceeds(body, { depthMax: JSON_DEPTH_MAX, keysMax: JSON_KEYS_MAX });
  if (exceeded === 'depth') throw invalid(`The JSON nests deeper than ${JSON_DEPTH_MAX} levels.`, undefined, 'json_too_deep');
  if (exceeded === 'keys') throw invalid(`The JSON has more than ${JSON_KEYS_MAX} keys.`, undefined, 'json_too_many_keys');
  try {
    return JSON.parse(utf8(body));
  } catch (error) {
    throw invalid(`The request is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'it could not be read'}`, undefined, 'invalid_json');
  }
}

/** The same text again, with every whole number beyond 2^53 as a bigint. Slow, so called only when one occurs in a 64-bit tensor. */
export function parseJsonExact(body: Uint8Array): unknown {
  return exactJson.parse(utf8(body), (_key, value, { source }) => {
    const lost = typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source);
    return lost ? BigInt(source) : value;
  });
}

function utf8(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** Whether a value that `JSON.parse` gave for a 64-bit tensor has lost digits. `values` is flat. */
export function hasLostDigits(values: readonly unknown[]): boolean {
  return values.some((value) => typeof value === 'number' && !Number.isSafeInteger(value));
}

/**
 * The flat values of `data`, which is flat already or nests exactly as `shape` says.
 * @throws Fault when it does neither, or doesn't have `count` values
 */
export function flatValues(data: unknown, shape: readonly number[], count: number, name: string): readonly unknown[] {
  if (!Array.isArray(data)) throw invalid(`Tensor '${name}' needs its data as an array.`, name);
  if (!Array.isArray(data[0])) {
    if (data.length !== count) {
      throw invalid(`Tensor '${name}': expected ${count} values for the shape [${shape.join(',')}], got ${data.length}.`, name);
    }
    return data;
  }
  const flat: unknown[] = [];
  collect(data, shape, flat, name);
  return flat;
}

function collect(data: readonly unknown[], shape: readonly number[], flat: unknown[], name: string): void {
  if (data.length !== shape[0]) {
    throw invalid(`Tensor '${name}': a nested array has ${data.length} entries; its shape says ${shape[0] ?? 'that none is there'}.`, name);
  }
  const rest = shape.slice(1);
  for (const entry of data) {
    if (rest.length === 0) flat.push(entry);
    else if (Array.isArray(entry)) collect(entry, rest, flat, name);
    else throw invalid(`Tensor '${name}': its data must be flat or nest as its shape [.., ${rest.join(',')}] does.`, name);
  }
}

const INTEGER_RANGE: Partial<Readonly<Record<Datatype, readonly [number, number]>>> = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffff_ffff],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x8000_0000, 0x7fff_ffff],
};
const BIG_RANGE: Partial<Readonly<Record<Datatype, readonly [bigint, bigint]>>> = {
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
};

/** How `valuesToBytes` treats `null`: a reply may carry NaN so (C80), a request may not. */
export interface NullRule {
  readonly nullIsNaN: boolean;
}

/** Flat JSON values as OIP binary data. @throws Fault that names the tensor and the first bad index */
export function valuesToBytes(datatype: Datatype, values: readonly unknown[], name: string, rule: NullRule): Uint8Array {
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw invalid(`Tensor '${name}': ${datatype} has no JSON form; send it with the binary extension.`, name);
  }
  const bad = (index: number) => invalid(`Tensor '${name}': value ${index} is not a ${datatype}.`, name);
  if (datatype === 'BYTES') {
    return packBytes(
      values.map((value, index) => {
        if (typeof value !== 'string') throw bad(index);
        return Buffer.from(value, 'utf8');
      }),
    );
  }
  const data = new Uint8Array(values.length * ELEMENT_BYTES[datatype]);
  const write = writer(datatype, data, rule);
  for (let index = 0; index < values.length; index += 1) if (!write(index, values[index])) throw bad(index);
  return data;
}

/** Writes one value; false when the datatype doesn't have it. */
type Write = (index: number, value: unknown) => boolean;

function writer(datatype: Exclude<Datatype, 'BYTES' | 'FP16' | 'BF16'>, data: Uint8Array, rule: NullRule): Write {
  const view = typedView(datatype, data);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) return bigWriter(datatype, view);
  const range = INTEGER_RANGE[datatype];
  return (index, value) => {
    if (datatype === 'BOOL') {
      view[index] = value === true || value === 1 ? 1 : 0;
      return typeof value === 'boolean' || value === 0 || value === 1;
    }
    if (value === null && rule.nullIsNaN && !range) {
      view[index] = Number.NaN;
      return true;
    }
    if (typeof value !== 'number') return false;
    view[index] = value;
    return range ? Number.isInteger(value) && value >= range[0] && value <= range[1] : Number.isFinite(view[index]);
  };
}

function bigWriter(datatype: Datatype, view: BigInt64Array | BigUint64Array): Write {
  const [low, high] = BIG_RANGE[datatype] ?? [0n, 0n];
  return (index, value) => {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return false;
    const big = BigInt(value as number | bigint);
    view[index] = big;
    return big >= low && big <= high;
  };
}

type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

/** A typed view over the data; copied when it isn't aligned. FP16 and BF16 come as their bits. Every host we run on is little-endian. */
export function typedView(datatype: Exclude<Datatype, 'BYTES'>, data: Uint8Array): NumberArray {
  const size = ELEMENT_BYTES[datatype];
  const aligned = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  const length = aligned.byteLength / size;
  switch (datatype) {
    case 'BOOL':
    case 'UINT8':
      return new Uint8Array(aligned.buffer, aligned.byteOffset, length);
    case 'UINT16':
    case 'FP16':
    case 'BF16':
      return new Uint16Array(aligned.buffer, aligned.byteOffset, length);
    case 'UINT32':
      return new Uint32Array(aligned.buffer, aligned.byteOffset, length);
    case 'UINT64':
      return new BigUint64Array(aligned.buffer, aligned.byteOffset, length);
    case 'INT8':
      return new Int8Array(aligned.buffer, aligned.byteOffset, length);
    case 'INT16':
      return new Int16Array(aligned.buffer, aligned.byteOffset, length);
    case 'INT32':
      return new Int32Array(aligned.buffer, aligned.byteOffset, length);
    case 'INT64':
      return new BigInt64Array(aligned.buffer, aligned.byteOffset, length);
    case 'FP32':
      return new Float32Array(aligned.buffer, aligned.byteOffset, length);
    case 'FP64':
      return new Float64Array(aligned.buffer, aligned.byteOffset, length);
  }
}

export interface JsonValues {
  readonly values: readonly unknown[];
  /** NaN or an infinity was there and became null (C80). */
  readonly nonFinite: boolean;
}

/** A tensor's data as flat JSON values, for `JSON.stringify`. @throws Fault when it has no JSON form */
export function bytesToValues(tensor: Tensor): JsonValues {
  const { datatype, data, name } = tensor;
  if (datatype === 'FP16' || datatype === 'BF16') {
    throw invalid(`Output '${name}': ${datatype} has no JSON form; ask for it with binary_data.`, name);
  }
  if (datatype === 'BYTES') return { values: bytesToStrings(data, name), nonFinite: false };
  const view = typedView(datatype, data);
  if (datatype === 'BOOL') return { values: Array.from(data, (value) => value !== 0), nonFinite: false };
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) return { values: Array.from(view, exactNumber), nonFinite: false };
  const values: (number | null)[] = Array.from(view);
  let nonFinite = false;
  if (view instanceof Float32Array || view instanceof Float64Array) {
    for (let index = 0; index < values.length; index += 1) {
      if (Number.isFinite(values[index])) continue;
      values[index] = null;
      nonFinite = true;
    }
  }
  return { values, nonFinite };
}

function exactNumber(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : exactJson.rawJSON(value.toString());
}

function bytesToStrings(data: Uint8Array, name: string): readonly string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return Array.from(bytesElements(data), (element) => decoder.decode(element));
  } catch {
    throw invalid(`Output '${name}' has bytes that are not UTF-8; ask for it with binary_data.`, name);
  }
}
