import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../contract/usage.ts';

const IN_ORDER = {
  requestId: 0,
  startedAt: 0,
  orgId: 0,
  keyId: 0,
  deployment: 0,
  revision: 0,
  model: 0,
  version: 0,
  operation: 0,
  status: 0,
  httpStatus: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  rows: 0,
  requestBytes: 0,
  responseBytes: 0,
  estimated: 0,
  attempts: 0,
  durationMs: 0,
  stages: 0,
  subscription: 0,
  priceVersion: 0,
  lease: 0,
} satisfies Record<keyof UsageRecord, 0>;

/** What the places of a line's list mean. A new field goes to the end: the lines of former versions do not have it. */
const FIELDS = Object.keys(IN_ORDER) as readonly (keyof UsageRecord)[];

/** A record and its JSON, which is made once: the checksum, the file and the database take the same text. */
export interface EncodedRecord {
  readonly record: UsageRecord;
  readonly json: string;
}

/** A list of values without their names: it is written, checked and searched by the database in two thirds of an object's time. */
export function encodeRecord(record: UsageRecord): EncodedRecord {
  return { record, json: JSON.stringify(FIELDS.map((field) => record[field])) };
}

/** One record, one line: the CRC-32 of the JSON, a space, the JSON. A torn or damaged line is known as such. */
export function lineOf({ json }: EncodedRecord): string {
  return `${crc32(json)} ${json}\n`;
}

/** Records, and the same as the text of a JSON list of lists: it is there anyway, and a database takes it as it is. */
export interface RecordBatch {
  readonly records: readonly UsageRecord[];
  readonly rows: { readonly fields: readonly (keyof UsageRecord)[]; readonly json: string };
}

export function batchOf(parts: readonly EncodedRecord[]): RecordBatch {
  return { records: parts.map(({ record }) => record), rows: { fields: FIELDS, json: `[${parts.map(({ json }) => json).join(',')}]` } };
}

export interface DecodedRecords extends RecordBatch {
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** Whole lines whose checksum is wrong. */
  readonly damaged: number;
}

/** The whole lines at the start of `bytes`, at most `recordsMax`. What comes after the last newline is left for later. */
export function decodeRecords(bytes: Buffer, recordsMax: number): DecodedRecords {
  const parts: EncodedRecord[] = [];
  let damaged = 0;
  let at = 0;
  for (let end = bytes.indexOf(10); end >= 0 && parts.length < recordsMax; end = bytes.indexOf(10, at)) {
    // An empty line is a probe of the disk.
    const part = end > at ? decodeLine(bytes.subarray(at, end).toString()) : undefined;
    if (part) parts.push(part);
    else if (end > at) damaged++;
    at = end + 1;
  }
  return { ...batchOf(parts), bytes: at, damaged };
}

function decodeLine(line: string): EncodedRecord | undefined {
  const space = line.indexOf(' ');
  const json = line.slice(space + 1);
  if (line.slice(0, space) !== String(crc32(json))) return undefined;
  try {
    const values: unknown = JSON.parse(json);
    if (!Array.isArray(values)) return undefined;
    // What a former version did not write is a call without a price; an empty text means the same.
    const record = Object.fromEntries(FIELDS.map((field, i): [string, unknown] => [field, values[i] ?? ''])) as unknown as UsageRecord;
    return values.length < FIELDS.length ? encodeRecord(record) : { record, json };
  } catch {
    return undefined;
  }
}
