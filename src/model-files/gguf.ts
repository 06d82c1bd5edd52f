import type { WeightsInfo } from '../contract/manifest.ts';
import { HeaderReader, STRING_BYTES_MAX, type ByteSource } from './byte-source.ts';
import { GGML_TYPES } from './ggml-types.ts';
import { readCache } from './gguf-cache.ts';
import { type Hyperparameters, LAYERS_MAX } from './gguf-hyperparameters.ts';
import { createTally, elementsOf, type TallyResult } from './tally.ts';

/** Reader of GGUF headers, versions 2 and 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */

export const GGUF_MAGIC = 'GGUF';
const KEYS_MAX = 4096;
const KEY_BYTES_MAX = 65_535;
const ARRAY_LENGTH_MAX = 1 << 24;
const TENSORS_MAX = 65_536;
/** ggml's GGML_MAX_DIMS and GGML_MAX_NAME (the latter counts the terminating zero). */
const DIMENSIONS_MAX = 4;
const NAME_BYTES_MAX = 63;
const ALIGNMENT_DEFAULT = 32;
const ALIGNMENT_MAX = 1 << 20;

const TYPE_BOOL = 7;
const TYPE_STRING = 8;
const TYPE_ARRAY = 9;
/** Bytes of a value, by its type number; strings and arrays have none. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

/** An array's length is kept, and its values when they may be one for each layer; of longer ones only the first. */
interface ArrayValue {
  readonly length: number;
  readonly values: readonly Scalar[];
}
type Scalar = number | bigint | boolean | string;
type Value = Scalar | ArrayValue;

export interface GgufInfo {
  readonly weights: WeightsInfo;
  /** Whether the file itself says that it yields embeddings: a pooling type other than none. */
  readonly pools: boolean;
}

/** @throws Fault for anything that is not a whole, consistent GGUF file (X22) */
export function readGguf(source: ByteSource): GgufInfo {
  const reader = new HeaderReader(source, { format: 'GGUF' });
  if (reader.bytes(4).toString('latin1') !== GGUF_MAGIC) throw reader.fail('it does not begin with GGUF');
  const version = reader.u32();
  if (version !== 2 && version !== 3) throw reader.fail(`version ${version}; 2 and 3 in little-endian order are accepted`);
  const tensorCount = reader.count('the number of tensors', TENSORS_MAX);
  const keyCount = reader.count('the number of keys', KEYS_MAX);
  const values = readKeys(reader, keyCount);
  const tally = readTensors(reader, tensorCount, alignmentOf(reader, values));
  return { weights: describe(reader, values, tally), pools: poolingOf(values) };
}

function readKeys(reader: HeaderReader, count: number): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (let n = 0; n < count; n += 1) {
    const key = reader.bytes(reader.count('a key length', KEY_BYTES_MAX)).toString('utf8');
    if (values.has(key)) throw reader.fail(`the key ${JSON.stringify(key.slice(0, 100))} occurs twice`);
    values.set(key, readValue(reader, reader.u32()));
  }
  return values;
}

function readValue(reader: HeaderReader, type: number): Value {
  return type === TYPE_ARRAY ? readArray(reader) : readScalar(reader, type);
}

function readArray(reader: HeaderReader): ArrayValue {
  const type = reader.u32();
  const length = reader.count('an array length', ARRAY_LENGTH_MAX);
  if (type === TYPE_STRING) {
    for (let n = 0; n < length; n += 1) reader.skip(reader.count('a string length', STRING_BYTES_MAX));
    return { length, values: [] };
  }
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined) throw reader.fail(`an array of values of type ${type}; arrays of numbers, booleans and strings are accepted`);
  const end = reader.position + length * bytes;
  const values = Array.from({ length: length > LAYERS_MAX ? 1 : length }, () => readScalar(reader, type));
  reader.skip(end - reader.position);
  return { length, values };
}

function readScalar(reader: HeaderReader, type: number): Scalar {
  switch (type) {
    case 0:
      return reader.u8();
    case 1:
      return (reader.u8() << 24) >> 24;
    case 2:
      return reader.u8() | (reader.u8() << 8);
    case 3:
      return ((reader.u8() | (reader.u8() << 8)) << 16) >> 16;
    case 4:
      return reader.u32();
    case 5:
      return reader.u32() | 0;
    case 6:
      return reader.f32();
    case TYPE_BOOL:
      return readBoolean(reader);
    case TYPE_STRING:
      return reader.bytes(reader.count('a string length', STRING_BYTES_MAX)).toString('utf8');
    case 10:
      return reader.u64();
    case 11:
      return BigInt.asIntN(64, reader.u64());
    case 12:
      return reader.f64();
    default:
      throw reader.fail(`a value of the unknown type ${type} at byte ${reader.position}`);
  }
}

function readBoolean(reader: HeaderReader): boolean {
  const byte = reader.u8();
  if (byte > 1) throw reader.fail(`a boolean has the value ${byte}`);
  return byte === 1;
}

function alignmentOf(reader: HeaderReader, values: ReadonlyMap<string, Value>): number {
  const alignment = values.get('general.alignment') ?? ALIGNMENT_DEFAULT;
  const valid = typeof alignment === 'number' && alignment >= 1 && alignment <= ALIGNMENT_MAX && Number.isInteger(Math.log2(alignment));
  if (!valid) throw reader.fail(`general.alignment must be a power of two up to ${ALIGNMENT_MAX}, not ${printed(alignment)}`);
  return alignment;
}

interface Extent {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function readTensors(reader: HeaderReader, count: number, alignment: number): TallyResult {
  const tally = createTally();
  const names = new Set<string>();
  const extents: Extent[] = [];
  for (let n = 0; n < count; n += 1) {
    const name = reader.bytes(reader.count('a tensor name length', NAME_BYTES_MAX)).toString('utf8');
    if (names.has(name)) throw reader.fail(`the tensor ${JSON.stringify(name)} occurs twice`);
    names.add(name);
    const { type, elements, bytes } = readShape(reader, name);
    const offset = reader.u64();
    if (offset % BigInt(alignment) !== 0n) throw reader.fail(`tensor ${JSON.stringify(name)} has the offset ${offset}, which is not a multiple of ${alignment}`);
    if (offset > BigInt(reader.size)) throw reader.fail(`tensor ${JSON.stringify(name)} has the offset ${offset}, beyond the file's ${reader.size} bytes`);
    extents.push({ name, start: Number(offset), end: Number(offset) + bytes });
    tally.add(type, elements, bytes);
  }
  checkExtents(reader, extents, Math.ceil(reader.position / alignment) * alignment);
  return tally.result();
}

function readShape(reader: HeaderReader, name: string): { readonly type: string; readonly elements: number; readonly bytes: number } {
  const rank = reader.u32();
  if (rank < 1 || rank > DIMENSIONS_MAX) throw reader.fail(`tensor ${JSON.stringify(name)} has ${rank} dimensions; 1 to ${DIMENSIONS_MAX} are accepted`);
  const dimensions = Array.from({ length: rank }, () => reader.count('a dimension', Number.MAX_SAFE_INTEGER));
  const elements = elementsOf(dimensions);
  if (elements === undefined || elements === 0) throw reader.fail(`tensor ${JSON.stringify(name)} has the impossible shape [${dimensions.join(',')}]`);
  const number = reader.u32();
  const type = GGML_TYPES.get(number);
  if (!type) throw reader.fail(`tensor ${JSON.stringify(name)} has the unknown type ${number}`);
  if ((dimensions[0] ?? 0) % type.blockElements !== 0) {
    throw reader.fail(`tensor ${JSON.stringify(name)} has rows of ${dimensions[0]} elements; ${type.name} needs a multiple of ${type.blockElements}`);
  }
  return { type: type.name, elements, bytes: (elements / type.blockElements) * type.blockBytes };
}

function checkExtents(reader: HeaderReader, extents: Extent[], dataStart: number): void {
  extents.sort((one, other) => one.start - other.start);
  let end = 0;
  for (const extent of extents) {
    if (extent.start < end) throw reader.fail(`tensor ${JSON.stringify(extent.name)} overlaps another`);
    end = extent.end;
    if (dataStart + end > reader.size) {
      throw reader.fail(`tensor ${JSON.stringify(extent.name)} ends at byte ${dataStart + end}; the file has ${reader.size}`);
    }
  }
}

function describe(reader: HeaderReader, values: ReadonlyMap<string, Value>, tally: TallyResult): WeightsInfo {
  const architecture = values.get('general.architecture');
  if (typeof architecture !== 'string' || !/^[a-z0-9][a-z0-9_.-]{0,63}$/i.test(architecture)) throw reader.fail('general.architecture is missing or not a name');
  const count = (key: string) => positive(values.get(`${architecture}.${key}`));
  const chatTemplate = values.get('tokenizer.chat_template');
  const licence = values.get('general.license');
  const tokens = values.get('tokenizer.ggml.tokens');
  return withoutUndefined({
    format: 'gguf' as const,
    architecture,
    ...tally,
    contextLength: count('context_length'),
    embeddingLength: count('embedding_length'),
    layers: count('block_count'),
    attentionHeads: count('attention.head_count'),
    keyValueHeads: count('attention.head_count_kv'),
    cache: readCache(hyperparametersOf(values, architecture)),
    vocabularySize: typeof tokens === 'object' ? positive(tokens.length) : count('vocab_size'),
    chatTemplate: typeof chatTemplate === 'string' ? chatTemplate : undefined,
    licence: typeof licence === 'string' ? licence : undefined,
  });
}

function hyperparametersOf(values: ReadonlyMap<string, Value>, architecture: string): Hyperparameters {
  const valueOf = (key: string) => values.get(`${architecture}.${key}`);
  return {
    architecture,
    number: (key) => {
      const value = valueOf(key);
      return wholeOf(typeof value === 'object' ? value.values[0] : value);
    },
    list: (key) => {
      const value = valueOf(key);
      return typeof value === 'object' ? value.values.map((one) => wholeOf(one) ?? 0) : undefined;
    },
  };
}

/** A whole number from 0; booleans are 0 and 1. */
function wholeOf(scalar: Scalar | undefined): number | undefined {
  const number = typeof scalar === 'bigint' || typeof scalar === 'boolean' ? Number(scalar) : scalar;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** A count from 1; of an array (a value for each layer) the first. */
function positive(value: Value | undefined): number | undefined {
  const scalar = typeof value === 'object' ? value.values[0] : value;
  const number = typeof scalar === 'boolean' ? undefined : wholeOf(scalar);
  return number === 0 ? undefined : number;
}

function poolingOf(values: ReadonlyMap<string, Value>): boolean {
  const pooling = values.get(`${String(values.get('general.architecture'))}.pooling_type`);
  return positive(pooling) !== undefined;
}

function printed(value: Value): string {
  return typeof value === 'object' ? 'an array' : String(value).slice(0, 40);
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Defined<T>;
}
