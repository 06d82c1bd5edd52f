import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../contract/usage.ts';

/** One record, one line: eight hex digits of CRC-32, a space, the JSON. A torn or damaged line is known as such. */
const CHECKSUM_CHARS = 8;

export interface EncodedRecord {
  readonly record: UsageRecord;
  readonly json: string;
  readonly line: string;
}

export function encodeRecord(record: UsageRecord): EncodedRecord {
  const json = JSON.stringify(record);
  return { record, json, line: `${crc32(json).toString(16).padStart(CHECKSUM_CHARS, '0')} ${json}\n` };
}

/** Records, and the same as the text of a JSON list: it is there anyway, and a database takes it as it is. */
export interface RecordBatch {
  readonly records: readonly UsageRecord[];
  readonly json: string;
}

export function batchOf(parts: readonly { readonly record: UsageRecord; readonly json: string }[]): RecordBatch {
  return { records: parts.map(({ record }) => record), json: `[${parts.map(({ json }) => json).join(',')}]` };
}

export interface DecodedRecords extends RecordBatch {
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** Whole lines whose checksum is wrong. */
  readonly damaged: number;
}

/** The whole lines at the start of `bytes`, at most `recordsMax`. What comes after the last newline is left for later. */
export function decodeRecords(bytes: Buffer, recordsMax: number): DecodedRecords {
  const parts: { record: UsageRecord; json: string }[] = [];
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

function decodeLine(line: string): { record: UsageRecord; json: string } | undefined {
  const [, checksum = '', json = ''] = /^([0-9a-f]{8}) (\{.*\})$/.exec(line) ?? [];
  if (json === '' || crc32(json) !== Number.parseInt(checksum, 16)) return undefined;
  try {
    return { record: JSON.parse(json) as UsageRecord, json };
  } catch {
    return undefined;
  }
}
