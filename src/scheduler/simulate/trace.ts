import { invalid } from '../../contract/errors.ts';

/** A call before it is known whom it is for. */
export interface Request {
  /** Milliseconds since the trace's first. */
  readonly atMs: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

const COLUMNS = 'TIMESTAMP,ContextTokens,GeneratedTokens';
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:\+00:00|Z)?$/;
const TOKENS_MAX = 10_000_000;
const ROWS_MAX = 5_000_000;

/**
 * Reads a trace in the columns of Azure's public LLM inference traces, up to `minutes` after its first row.
 * Source of the format: github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md and …2024.md.
 * Throws `invalid_trace` with the line's number.
 */
export async function readTrace(lines: AsyncIterable<string> | Iterable<string>, file: string, minutes: number): Promise<Request[]> {
  const rows: Request[] = [];
  let number = 0;
  let first: number | undefined;
  for await (const line of lines) {
    number++;
    if (number === 1) checkHeader(line, file);
    if (number === 1 || line.trim() === '') continue;
    const row = rowOf(line, `${file}, line ${number}`);
    first ??= row.atMs;
    if (row.atMs - first >= minutes * 60_000) break;
    if (rows.length >= ROWS_MAX) throw fault(`${file} has more than ${ROWS_MAX} rows within ${minutes} minutes; ask for fewer --minutes.`);
    rows.push({ ...row, atMs: row.atMs - first });
  }
  if (rows.length === 0) throw fault(`${file} has no rows; one with the columns ${COLUMNS} and at least one row is accepted.`);
  return inOrder(rows);
}

function checkHeader(line: string, file: string): void {
  const header = line.replace(/^\uFEFF/, '').trim();
  if (header !== COLUMNS) throw fault(`${file}, line 1 is "${header.slice(0, 80)}"; it must be "${COLUMNS}".`);
}

function rowOf(line: string, where: string): Request {
  const fields = line.trim().split(',');
  const [timestamp = '', context = '', generated = ''] = fields;
  if (fields.length !== 3) throw fault(`${where} has ${fields.length} fields; ${COLUMNS} are accepted.`);
  return { atMs: momentOf(timestamp, where), contextTokens: tokens(context, where), generatedTokens: tokens(generated, where) };
}

function momentOf(text: string, where: string): number {
  const [, year, month, day, hour, minute, second, fraction = ''] = TIMESTAMP.exec(text) ?? [];
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // A 31st of June would become a 1st of July.
  if (!Number.isFinite(ms) || new Date(ms).toISOString().slice(0, 19).replace('T', ' ') !== text.slice(0, 19))
    throw fault(`${where}: "${text.slice(0, 80)}" is no moment; one like "2023-11-16 18:15:46.6805900" is accepted.`);
  return ms + Number(`0${fraction}`) * 1_000;
}

function tokens(text: string, where: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > TOKENS_MAX) throw fault(`${where}: "${text.slice(0, 80)}" is no number of tokens; whole numbers up to ${TOKENS_MAX} are accepted.`);
  return value;
}

/** Traces are written in order, but for a few rows. */
function inOrder(rows: Request[]): Request[] {
  const sorted = rows.toSorted((a, b) => a.atMs - b.atMs);
  const first = sorted[0]?.atMs ?? 0;
  return first === 0 ? sorted : sorted.map((row) => ({ ...row, atMs: row.atMs - first }));
}

function fault(message: string) {
  return invalid(message, '--trace', 'invalid_trace');
}
