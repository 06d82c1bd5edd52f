import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CappedFile } from './capped-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'my-capped-'));
  path = join(folder, 'logs', 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lost = (lines: number) => `${lines} lost`;

test('S30: a log is cut over when it is full, and holds no more than two such files, also over restarts', async () => {
  for (let start = 0; start < 3; start++) {
    const file = new CappedFile(path, { lost, bytesMax: 1_000 });
    for (let n = 0; n < 100; n++) {
      file.add(`${start}-${n}`.padEnd(99, '.'));
      await file.written();
    }
  }
  expect(readdirSync(join(folder, 'logs')).toSorted()).toEqual(['a.log', 'a.log.1']);
  for (const name of ['a.log', 'a.log.1']) expect(statSync(join(folder, 'logs', name)).size).toBeLessThanOrEqual(1_100);
  const lines = ['a.log.1', 'a.log'].flatMap((name) =>
    readFileSync(join(folder, 'logs', name), 'utf8')
      .trim()
      .split('\n'),
  );
  expect(lines.at(-1)).toMatch(/^2-99\./);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('S30: a disk that takes nothing costs lines, and how many is said once it takes some again; no more than a piece of memory waits', async () => {
  // A folder in the file's place fails every write.
  mkdirSync(path, { recursive: true });
  const file = new CappedFile(path, { lost });
  for (let n = 0; n < 3; n++) {
    file.add(`line ${n}`);
    await file.written();
  }
  rmSync(path, { recursive: true });
  for (let n = 0; n < 30; n++) file.add('x'.repeat(100_000));
  await file.written();
  const text = readFileSync(path, 'utf8');
  expect(text.startsWith('3 lost\nxxx')).toBe(true);
  expect(text.includes('\n19 lost\n')).toBe(true);
  expect(text.length).toBeLessThan(1_200_000);
  file.add('after');
  await file.written();
  expect(readFileSync(path, 'utf8').slice(text.length)).toBe('after\n');
});
