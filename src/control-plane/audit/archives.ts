import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { archiveUnreadable } from './errors.ts';
import type { Entry } from './model.ts';

/** A file of entries that were moved out of the database: one a line, in order. */
export interface Archive {
  readonly file: string;
  readonly first: number;
  readonly last: number;
}

const DIGITS = 12;
const NAME = /^audit-(\d{12})-(\d{12})\.jsonl$/;
const LINE_CHARS_MAX = 10_000;
const nameOf = (seq: number) => String(seq).padStart(DIGITS, '0');

/** In order of what they hold. */
export async function listArchives(folder: string): Promise<Archive[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found = names.flatMap((file) => {
    const [, first, last] = NAME.exec(file) ?? [];
    return first === undefined ? [] : [{ file: join(folder, file), first: Number(first), last: Number(last) }];
  });
  return found.toSorted((a, b) => a.first - b.first);
}

/** Writes an archive, whole or not at all, and on the disk before this resolves. */
export async function writeArchive(folder: string, pages: AsyncIterable<readonly Entry[]>): Promise<Archive & { readonly hash: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, 'audit.partial');
  await rm(partial, { force: true });
  const handle = await open(partial, 'wx', 0o600);
  let first: Entry | undefined;
  let last: Entry | undefined;
  try {
    for await (const page of pages) {
      first ??= page[0];
      last = page.at(-1) ?? last;
      await handle.appendFile(page.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (!first || !last) throw new Error('an archive of nothing');
  const file = join(folder, `audit-${nameOf(first.seq)}-${nameOf(last.seq)}.jsonl`);
  await rename(partial, file);
  return { file, first: first.seq, last: last.seq, hash: last.hash };
}

/** @throws Fault for a line that is no entry */
export async function* readArchive({ file }: Archive): AsyncIterable<Entry> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    const entry = line.length <= LINE_CHARS_MAX ? parsed(line) : undefined;
    if (!entry) throw archiveUnreadable(file, `line ${number} is no entry`);
    yield entry;
  }
}

function parsed(line: string): Entry | undefined {
  try {
    const value = JSON.parse(line) as Entry | null;
    return typeof value?.seq === 'number' && typeof value.hash === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
