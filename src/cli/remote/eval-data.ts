import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { Fault } from '../../contract/errors.ts';
import type { Session } from './session.ts';

const FORMATS: Readonly<Record<string, 'jsonl' | 'csv'>> = { '.jsonl': 'jsonl', '.ndjson': 'jsonl', '.csv': 'csv' };
/** More than the server takes, so that its own sentence is what is seen at the bound. */
const FILE_BYTES_MAX = 64 * 1_048_576;
/** Fields of an example that name a file beside the dataset, and what its bytes are sent as. */
const FILE_FIELDS = ['image', 'file'] as const;

export interface SentDataset {
  readonly digest: string;
  readonly examples: number;
}

/** Sends a dataset's bytes. Files that its examples name are put into them, so that the dataset's digest is theirs too. */
export async function sendDataset({ api }: Session, path: string): Promise<SentDataset> {
  const format = FORMATS[extname(path).toLowerCase()];
  if (!format) throw new Fault('invalid_argument', 'bad_format', `${path} must end in .jsonl or .csv, so that it is known how to read it.`);
  const bytes = await read(path);
  const whole = format === 'jsonl' ? await withFiles(bytes, dirname(path)) : bytes;
  return api.uploads.dataset(whole, format);
}

async function read(path: string): Promise<Buffer> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Fault('not_found', 'no_such_file', `There is no file ${path}.`);
  if (found.size > FILE_BYTES_MAX) throw new Fault('payload_too_large', 'file_too_large', `${path} has ${found.size} bytes; at most ${FILE_BYTES_MAX} are read.`);
  return readFile(path);
}

/** `{"image": "a.png"}` becomes `{"base64": "…"}`. A line that can't be read stays as it is: the server names it. */
async function withFiles(bytes: Buffer, folder: string): Promise<Buffer> {
  const text = bytes.toString();
  if (!FILE_FIELDS.some((field) => text.includes(`"${field}"`))) return bytes;
  const lines = [];
  for (const [index, line] of text.split('\n').entries()) lines.push(await lineWithFile(line, index + 1, folder));
  return Buffer.from(lines.join('\n'));
}

async function lineWithFile(line: string, number: number, folder: string): Promise<string> {
  const fields = objectIn(line);
  const field = FILE_FIELDS.find((name) => typeof fields?.[name] === 'string');
  if (!fields || !field) return line;
  const { [field]: name, ...others } = fields;
  const content = await read(resolve(folder, String(name))).catch((error: Error) => {
    throw new Fault('not_found', 'no_such_file', `Line ${number} of the dataset: ${error.message}`);
  });
  return JSON.stringify({ ...others, base64: content.toString('base64') });
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
