import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openVerified } from './verified.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verified-'));
});
afterEach(() => rm(folder, { recursive: true }));

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

test.runIf(process.platform === 'linux')('X26: a file swapped after it was verified is not loaded, the verified bytes are', async () => {
  const good = Buffer.alloc(3_000_000, 'good');
  const path = join(folder, 'weights');
  await writeFile(path, good);
  const verified = await openVerified(path, digestOf(good));
  await writeFile(join(folder, 'evil'), 'evil');
  await rename(join(folder, 'evil'), path);
  expect((await readFile(path)).toString()).toBe('evil');
  expect((await readFile(verified.path)).equals(good)).toBe(true);
  await verified.close();
});

test('X26: bytes with another digest are refused', async () => {
  const path = join(folder, 'weights');
  await writeFile(path, 'one');
  await expect(openVerified(path, digestOf(Buffer.from('two')))).rejects.toMatchObject({ kind: 'invalid_argument', code: 'digest_mismatch' });
});

test('X26: a folder is refused', async () => {
  await expect(openVerified(folder, digestOf(Buffer.from('')))).rejects.toMatchObject({ code: 'not_a_file' });
});
