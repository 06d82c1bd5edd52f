import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../contract/usage.ts';

/** What the places of a line's list mean, after its checksum. A new field goes to the end: the lines of former versions do not have it. */
const FIELDS = [
  'requestId',
  'startedAt',
  'orgId',
  'keyId',
  'deployment',
  'revision',
  'model',
  'version',
  'operation',
  'status',
  'httpStatus',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'rows',
  'requestBytes',
  'responseBytes',
  'estimated',
  'attempts',
  'durationMs',
  'stages',
  'subscription',
  'priceVersion',
  'lease',
] as const satisfies readonly (keyof UsageRecord)[];

/** The values in the order of `FIELDS`, spelled out: fetched by a list of names they cost twice as much. A test holds the two together. */
function valuesOf(record: UsageRecord): unknown[] {
  return [
    record.requestId,
    record.startedAt,
    record.orgId,
    record.keyId,
    record.deployment,
    record.revision,
    record.model,
    record.version,
    record.operation,
    record.status,
    record.httpStatus,
    record.promptTokens,
    record.cachedTokens,
    record.completionTokens,
    record.rows,
    record.requestBytes,
    record.responseBytes,
    record.estimated,
    record.attempts,
    record.durationMs,
    record.stages,
    record.subscription,
    record.priceVersion,
    record.lease,
  ];
}

const COMMA = 0x2c;
const OPENING = 0x5b;
const NEWLINE = 0x0a;
const CLOSING = Buffer.from(']');

/**
 * One record, one line: a list of values without their names, the first the CRC-32 of the others' text. A torn or damaged line is known as such. With their commas in
 * front, lines one after the other are the inside of a JSON list: a database takes them as they stand in the file.
 */
export function lineOf(record: UsageRecord): string {
  const json = JSON.stringify(valuesOf(record));
  return `,[${crc32(json)},${json.slice(1)}\n`;
}

/** The rows of a batch for a database: what the places of each mean, and a JSON list of lists. */
export interface RecordRows {
  readonly fields: readonly string[];
  readonly json: Buffer;
}

const LINE_FIELDS = ['checksum', ...FIELDS] as const;

/** Records as their lines stand in the log. They are read anew only where somebody asks for more than those that have a price. */
export class RecordBatch {
  /** How many records. */
  readonly count: number;
  /** Those that are to be paid for. */
  readonly priced: readonly UsageRecord[];
  readonly rows: RecordRows;

  /** Copies the lines. */
  constructor({ lines, count, priced }: { readonly lines: readonly Buffer[]; readonly count: number; readonly priced: readonly UsageRecord[] }) {
    this.count = count;
    this.priced = priced;
    const json = Buffer.concat([...lines, CLOSING]);
    const first = json.indexOf(COMMA);
    if (first >= 0) json[first] = OPENING;
    this.rows = { fields: LINE_FIELDS, json };
  }

  get records(): UsageRecord[] {
    return [...linesOf(this.rows.json)].flatMap(({ line }) => decodeLine(line) ?? []);
  }
}

export function batchOf(records: readonly UsageRecord[]): RecordBatch {
  return new RecordBatch({ lines: [Buffer.from(records.map(lineOf).join(''))], count: records.length, priced: records.filter(isPriced) });
}

export interface DecodedRecords {
  readonly batch: RecordBatch;
  /** Bytes up to the end of the last whole line. */
  readonly bytes: number;
  /** Whole lines whose checksum is wrong. */
  readonly damaged: number;
}

/** The whole lines at the start of `bytes`, at most `recordsMax`. What comes after the last newline is left for later. */
export function decodeRecords(bytes: Buffer, recordsMax: number): DecodedRecords {
  const records: UsageRecord[] = [];
  let damaged = 0;
  let read = 0;
  for (const { line, end } of linesOf(bytes)) {
    const record = line === '' ? undefined : decodeLine(line);
    if (record) records.push(record);
    else if (line !== '') damaged++;
    read = end;
    if (records.length >= recordsMax) break;
  }
  return { batch: batchOf(records), bytes: read, damaged };
}

export function isPriced({ priceVersion }: UsageRecord): boolean {
  return priceVersion !== '';
}

/** The whole lines of some bytes, without their newlines, and where each ends. An empty one is a probe of the disk. */
function* linesOf(bytes: Buffer): Generator<{ readonly line: string; readonly end: number }> {
  let at = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
    yield { line: bytes.toString('utf8', at, end), end: end + 1 };
    at = end + 1;
  }
}

function decodeLine(line: string): UsageRecord | undefined {
  // What a power cut has made of bytes that were not synced is zeros, without a newline before what follows.
  const { sum, json } = partsOf(line.slice(line.lastIndexOf('\0') + 1));
  if (sum !== String(crc32(json))) return undefined;
  try {
    const values: unknown = JSON.parse(json);
    if (!Array.isArray(values)) return undefined;
    // What a former version did not write is a call without a price; an empty text means the same.
    return Object.fromEntries(FIELDS.map((field, i): [string, unknown] => [field, values[i] ?? ''])) as unknown as UsageRecord;
  } catch {
    return undefined;
  }
}

/** Versions until 0.1 wrote the checksum, a space and the list. The first line of a batch has its comma no more. */
function partsOf(line: string): { readonly sum: string; readonly json: string } {
  if (!line.startsWith(',[') && !line.startsWith('[[')) {
    const space = line.indexOf(' ');
    return { sum: line.slice(0, space), json: line.slice(space + 1) };
  }
  const comma = line.indexOf(',', 2);
  return { sum: line.slice(2, comma), json: `[${line.slice(comma + 1)}` };
}
