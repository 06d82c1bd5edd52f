import { createHash } from 'node:crypto';
import { Fault, invalid } from '../../../contract/errors.ts';
import { parseJsonBody } from '../../../contract/oip-json.ts';
import { LineError, readCsv } from './csv.ts';

export const DATASET_BYTES_MAX = 16 * 1_048_576;
export const DATASET_EXAMPLES_MAX = 20_000;
const FIELDS_MAX = 4_096;
/** So many rows take some milliseconds; then others have their turn. */
export const ROWS_AT_A_TIME = 500;

export const DATASET_FORMATS = ['jsonl', 'csv'] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/** One example: its fields by name, and the line on which it begins (from 1). A CSV's fields are all text. */
export interface Row {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lets what waits on this thread go first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What a line says wrongly, in words that name the line. */
export function badLine(line: number, problem: string): Fault {
  return invalid(`Line ${line} of the dataset: ${problem}`, 'data', 'bad_dataset');
}

/** `sha256:…` of the dataset's bytes, as the sender can compute it. */
export function datasetDigest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The text of a dataset's bytes. @throws Fault when they are too many, or not UTF-8 */
export function datasetText(bytes: Uint8Array): string {
  if (bytes.length > DATASET_BYTES_MAX) {
    throw new Fault('payload_too_large', 'dataset_too_large', `The dataset has ${bytes.length} bytes; at most ${DATASET_BYTES_MAX} are accepted. Send a part of it.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid('The dataset is not UTF-8 text.', 'data', 'bad_dataset');
  }
}

/** Reads a dataset, a part at a time: calls go on meanwhile. @throws Fault `bad_dataset` that names the line */
export async function readDataset(text: string, format: DatasetFormat): Promise<Row[]> {
  const rows: Row[] = [];
  for (const row of format === 'csv' ? csvRows(text) : jsonRows(text)) {
    if (rows.length >= DATASET_EXAMPLES_MAX) throw badLine(row.line, `there are more than ${DATASET_EXAMPLES_MAX} examples; send a part of them.`);
    rows.push(row);
    if (rows.length % ROWS_AT_A_TIME === 0) await nextTurn();
  }
  if (rows.length === 0) throw invalid('The dataset has no examples.', 'data', 'bad_dataset');
  return rows;
}

function* jsonRows(text: string): Generator<Row> {
  for (const [index, line] of text.split('\n').entries()) {
    const json = index === 0 ? line.replace(/^\uFEFF/, '') : line;
    if (json.trim() === '') continue;
    yield { line: index + 1, fields: jsonFields(json, index + 1) };
  }
}

function jsonFields(json: string, line: number): Row['fields'] {
  let value: unknown;
  try {
    value = parseJsonBody(Buffer.from(json));
  } catch (error) {
    if (error instanceof Fault) throw badLine(line, error.message.replace('The request is', 'it is'));
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badLine(line, 'each line must be a JSON object, such as {"text": "…", "label": "…"}.');
  return value as Row['fields'];
}

function* csvRows(text: string): Generator<Row> {
  let names: readonly string[] | undefined;
  try {
    for (const { line, fields } of readCsv(text)) {
      if (names === undefined) names = checkHeader(fields, line);
      else if (fields.length !== names.length) throw new LineError(line, `it has ${fields.length} fields; the header names ${names.length}.`);
      else yield { line, fields: Object.fromEntries(names.map((name, index) => [name, fields[index]])) };
    }
  } catch (error) {
    if (error instanceof LineError) throw badLine(error.line, error.message);
    throw error;
  }
}

function checkHeader(names: readonly string[], line: number): readonly string[] {
  if (names.length > FIELDS_MAX) throw new LineError(line, `the header names ${names.length} fields; at most ${FIELDS_MAX} are accepted.`);
  const empty = names.indexOf('');
  if (empty >= 0) throw new LineError(line, `the header's field ${empty + 1} has no name.`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new LineError(line, `the header names the field "${twice}" twice.`);
  return names;
}
