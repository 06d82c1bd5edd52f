import type { WeightsInfo } from '../contract/manifest.ts';
import { jsonDepthExceeds } from '../contract/json-depth.ts';
import { HeaderReader, type ByteSource } from './byte-source.ts';
import { createTally, elementsOf } from './tally.ts';

/** Reader of safetensors headers (https://github.com/huggingface/safetensors#format). */

const HEADER_JSON_BYTES_MAX = 8 << 20;
const DIMENSIONS_MAX = 16;
/** header → tensor → shape. */
const DEPTH_MAX = 3;

const SAFETENSORS_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
};

export interface SafetensorsTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where its data lies in the file. */
  readonly start: number;
  readonly end: number;
}

/** The tensors by name. @throws Fault unless they fill the file's data exactly, without a duplicate, an overlap or a hole (X22) */
export function readSafetensorsIndex(source: ByteSource): ReadonlyMap<string, SafetensorsTensor> {
  const reader = new HeaderReader(source, { format: 'safetensors' });
  const length = reader.count('the header length', HEADER_JSON_BYTES_MAX);
  const header = parseHeader(reader, reader.bytes(length, HEADER_JSON_BYTES_MAX));
  const dataStart = reader.position;
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    tensors.set(name, readEntry(reader, entry, { name, dataStart }));
  }
  let end = dataStart;
  for (const tensor of [...tensors.values()].toSorted((one, other) => one.start - other.start || one.end - other.end)) {
    if (tensor.start !== end) throw reader.fail(`its tensors ${tensor.start < end ? 'overlap' : 'leave a hole'} at byte ${tensor.start}`);
    end = tensor.end;
  }
  if (end !== reader.size) throw reader.fail(`its tensors end at byte ${end}; the file has ${reader.size}`);
  return tensors;
}

export function readSafetensors(source: ByteSource): WeightsInfo {
  const tally = createTally();
  for (const { dtype, shape, start, end } of readSafetensorsIndex(source).values()) tally.add(dtype, elementsOf(shape) ?? 0, end - start);
  return { format: 'safetensors', architecture: 'safetensors', ...tally.result() };
}

function parseHeader(reader: HeaderReader, bytes: Buffer): Readonly<Record<string, unknown>> {
  if (jsonDepthExceeds(bytes, DEPTH_MAX)) throw reader.fail('its JSON header nests too deep');
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw reader.fail('its header is not JSON');
  }
  if (!isRecord(header)) throw reader.fail('its header is not a JSON object');
  let keys = Object.keys(header).length;
  for (const entry of Object.values(header)) if (isRecord(entry)) keys += Object.keys(entry).length;
  // JSON.parse keeps the last of equal keys; another reader may keep the first. Every key has one colon outside strings.
  if (colons(bytes) !== keys) throw reader.fail('a key occurs twice in its header');
  return header;
}

function colons(bytes: Buffer): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 0x22) inString = !inString;
    else if (inString && byte === 0x5c) at += 1;
    else if (!inString && byte === 0x3a) count += 1;
  }
  return count;
}

function readEntry(reader: HeaderReader, entry: unknown, place: { readonly name: string; readonly dataStart: number }): SafetensorsTensor {
  const name = JSON.stringify(place.name.slice(0, 100));
  if (!isRecord(entry)) throw reader.fail(`tensor ${name} is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const size = typeof dtype === 'string' && Object.hasOwn(SAFETENSORS_BYTES, dtype) ? SAFETENSORS_BYTES[dtype] : undefined;
  if (typeof dtype !== 'string' || size === undefined) throw reader.fail(`tensor ${name} has an unknown dtype`);
  if (!isCounts(shape) || shape.length > DIMENSIONS_MAX) throw reader.fail(`tensor ${name} has no valid shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw reader.fail(`tensor ${name} has no valid data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const elements = elementsOf(shape);
  if (elements === undefined || end - begin !== elements * size) throw reader.fail(`tensor ${name} has ${end - begin} bytes, which its shape and dtype don't give`);
  if (place.dataStart + end > reader.size) throw reader.fail(`tensor ${name} ends beyond the file`);
  return { dtype, shape, start: place.dataStart + begin, end: place.dataStart + end };
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
