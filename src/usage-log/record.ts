import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../contract/usage.ts';

/** One record, one line: eight hex digits of CRC-32, a space, the JSON. A torn or damaged line is known as such. */
const CHECKSUM_CHARS = 8;

export function encodeRecord(record: UsageRecord): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(CHECKSUM_CHARS, '0')} ${json}\n`;
}

export interface DecodedRecords {
  readonly records: readonly UsageRecord[];
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** Whole lines whose checksum is wrong. */
  readonly damaged: number;
}

/** The whole lines at the start of `bytes`, at most `recordsMax`. What comes after the last newline is left for later. */
export function decodeRecords(bytes: Buffer, recordsMax: number): DecodedRecords {
  const records: UsageRecord[] = [];
  let damaged = 0;
  let at = 0;
  for (let end = bytes.indexOf(10); end >= 0 && records.length < recordsMax; end = bytes.indexOf(10, at)) {
    // An empty line is a probe of the disk.
    const record = end > at ? decodeLine(bytes.subarray(at, end).toString()) : undefined;
    if (record) records.push(record);
    else if (end > at) damaged++;
    at = end + 1;
  }
  return { records, bytes: at, damaged };
}

function decodeLine(line: string): UsageRecord | undefined {
  const [, checksum = '', json = ''] = /^([0-9a-f]{8}) (\{.*\})$/.exec(line) ?? [];
  if (json === '' || crc32(json) !== Number.parseInt(checksum, 16)) return undefined;
  try {
    return JSON.parse(json) as UsageRecord;
  } catch {
    return undefined;
  }
}
