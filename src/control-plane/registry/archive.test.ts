import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ARCHIVE_LIMITS, type ArchiveLimits } from './archive-entries.ts';
import { extract, listEntries } from './archive.ts';
import { buildTar, buildTgz, buildZip, paxPath, type TarPart, type ZipPart } from './testing/archives.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelyard-archive-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const GOOD = { name: 'pkg/good.txt', data: Buffer.from('good') };
const MIB = 1_048_576;

async function unpack(bytes: Buffer, wanted: Record<string, string> = { 'good.txt': GOOD.name }, limits: ArchiveLimits = ARCHIVE_LIMITS): Promise<Record<string, string>> {
  const path = join(folder, 'archive');
  await writeFile(path, bytes);
  return extract(path, wanted, folder, limits);
}

/** Refused whole, with the reason, and nothing was left behind. */
async function refused(bytes: Buffer, reason: RegExp, limits?: ArchiveLimits): Promise<void> {
  await expect(unpack(bytes, undefined, limits)).rejects.toMatchObject({ kind: 'invalid_argument', code: 'bad_archive', message: expect.stringMatching(reason) as unknown });
  expect(await readdir(folder)).toEqual(['archive']);
}

describe('X17: a dangerous entry refuses the whole archive, although a harmless one was wanted', () => {
  const names: readonly (readonly [what: string, name: string, reason: RegExp])[] = [
    ['..', '../evil', /relative|".."/],
    ['.. in the middle', 'a/../../evil', /relative|".."/],
    ['an absolute path', '/etc/evil', /absolute/],
    ['a drive letter', 'C:evil', /absolute|drive/],
    ['a backslash', 'a\\evil', /backslash|invalid characters/],
    ['an empty part', 'a//evil', /empty/],
    ['a duplicate', GOOD.name, /twice/],
    ['a case collision', 'PKG/Good.txt', /one name/],
    ['a Unicode collision', 'pkg/ｇood.txt', /one name/],
  ];
  test.each(names)('X17: zip with %s', (_what, name, reason) => refused(buildZip([GOOD, { name }]), reason));
  test.each(names)('X17: tgz with %s', (_what, name, reason) => refused(buildTgz([GOOD, { name }]), reason));
  test('X17: zip with NUL', () => refused(buildZip([GOOD, { name: 'a\0evil' }]), /NUL/));
  test('X17: tgz with NUL', () => refused(buildTgz([GOOD, paxPath('a\0evil'), { name: 'a' }]), /NUL/));
  test('X17: tgz whose pax header renames to ..', () => refused(buildTgz([GOOD, paxPath('../evil'), { name: 'a' }]), /".."/));

  const modes: readonly (readonly [what: string, mode: number])[] = [
    ['a symbolic link', 0o120777],
    ['a block device', 0o060600],
    ['a character device', 0o020600],
    ['a named pipe', 0o010600],
    ['a socket', 0o140600],
  ];
  test.each(modes)('X17: zip with %s', (what, mode) => refused(buildZip([GOOD, { name: 'x', mode }]), new RegExp(what)));
  const types: readonly (readonly [what: string, type: string])[] = [
    ['a symbolic link', '2'],
    ['a hard link', '1'],
    ['a character device', '3'],
    ['a block device', '4'],
    ['a named pipe', '6'],
  ];
  test.each(types)('X17: tgz with %s', (what, type) => refused(buildTgz([GOOD, { name: 'x', type, linkTo: type < '3' ? '/etc/passwd' : '' }]), new RegExp(what)));
  test('X17: symlink, then a write through it', async () => {
    await refused(buildZip([{ name: 'pkg', mode: 0o120777, data: Buffer.from('/tmp') }, GOOD]), /symbolic link/);
    await refused(buildTgz([{ name: 'pkg', type: '2', linkTo: '/tmp' }, GOOD]), /symbolic link/);
  });
  test('X17: tgz with an entry of an unknown type', () => refused(buildTgz([GOOD, { name: 'x', type: 'Z' }]), /unknown type/));
});

describe('X18: what would unpack to too much is stopped before it is on the disk', () => {
  const limits: ArchiveLimits = { entriesMax: 3, unpackedBytesMax: 2 * MIB, ratioMax: 100 };
  const zeros = Buffer.alloc(2 * MIB - 4096);
  const noise = Buffer.from(Array.from({ length: MIB }, (_, at) => (at * at * 31 + (at >> 7) * 17) & 255));
  const many = (part: (at: number) => ZipPart & TarPart, count = 4) => Array.from({ length: count }, (_, at) => part(at));

  test('X18: zip of 1000:1', () => refused(buildZip([GOOD, { name: 'zeros', data: zeros, deflate: true }]), /100 times/, limits));
  test('X18: tgz of 1000:1', () => refused(buildTgz([GOOD, { name: 'zeros', data: zeros }]), /100 times/, limits));
  test('X18: zip with too many entries', () => refused(buildZip(many((at) => ({ name: `f${at}` }))), /more than 3 entries/, limits));
  test('X18: tgz with too many entries', () => refused(buildTgz(many((at) => ({ name: `f${at}` }))), /more than 3 entries/, limits));
  test('X18: zip with 60,000 entries', () => refused(buildZip(many((at) => ({ name: `f${at}`, data: Buffer.alloc(0) }), 60_000)), /more than 20000 entries/));
  test('X18: zip with too many bytes', () => refused(buildZip(many((at) => ({ name: `f${at}`, data: noise }), 3)), /more than 2097152 bytes/, limits));
  test('X18: tgz with too many bytes', () => refused(buildTgz(many((at) => ({ name: `f${at}`, data: noise }), 3)), /more than 2097152 bytes/, limits));
  test('X18: zip whose entries share their bytes', () => refused(buildZip([GOOD, { ...GOOD, name: 'again', sameBytesAs: 0 }]), /overlap/));
  test('X18: zip whose directory claims fewer bytes than come out', () => refused(buildZip([{ ...GOOD, data: noise, deflate: true, claimedBytes: 10 }]), /too many bytes/));
  test('X18: gzip in gzip', () => refused(gzipSync(buildTgz([GOOD])), /packed twice/));
  test('X18: the limit holds across an inner zip', async () => {
    const inner = buildZip([{ name: 'weights', data: noise }]);
    await expect(unpack(buildZip([{ name: 'm.zip', data: inner }]), { w: 'm.zip!weights' }, { ...limits, unpackedBytesMax: MIB + 1000 })).rejects.toThrow(/unpacks to more than/);
    expect(await readdir(folder)).toEqual(['archive']);
  });
});

test('takes wanted entries out under flat names, from either kind and from a zip in it', async () => {
  const inner = buildZip([
    { name: 'a/', mode: 0o040755, data: Buffer.alloc(0) },
    { name: 'a/weights', data: Buffer.from('w'), deflate: true },
  ]);
  const files = await unpack(buildZip([GOOD, { name: 'pkg/model.zip', data: inner }]), { 'g.txt': GOOD.name, weights: 'pkg/model.zip!a/weights' });
  expect(files).toEqual({ 'g.txt': join(folder, 'g.txt'), weights: join(folder, 'weights') });
  expect(await readFile(files['weights'] ?? '', 'utf8')).toBe('w');
  const fromTar = await unpack(buildTgz([{ name: 'pkg', type: '5' }, GOOD, { name: 'pkg/big', data: Buffer.alloc(300_000, 7) }]), { 'h.txt': GOOD.name, big: 'pkg/big' });
  expect(await readFile(fromTar['h.txt'] ?? '', 'utf8')).toBe('good');
  expect((await readFile(fromTar['big'] ?? '')).equals(Buffer.alloc(300_000, 7))).toBe(true);
  expect((await readdir(folder)).toSorted()).toEqual(['archive', 'big', 'g.txt', 'h.txt', 'weights']);
});

test('says what is missing, what is no archive, and what is cut short', async () => {
  await expect(unpack(buildZip([GOOD]), { x: 'pkg/none' })).rejects.toMatchObject({ code: 'no_such_entry' });
  await expect(unpack(buildZip([GOOD]), { '../x': GOOD.name })).rejects.toMatchObject({ param: 'entries' });
  await refused(Buffer.from('hello'), /neither a zip/);
  await refused(buildTgz([GOOD]).subarray(0, 60), /refused/);
  await refused(gzipSync(buildTar([{ ...GOOD, data: Buffer.alloc(5000, 1) }]).subarray(0, 2000)), /refused/);
  await refused(buildZip([GOOD]).subarray(0, 80), /refused/);
});

test('an aborted extraction leaves nothing', async () => {
  const reason = new Error('stop');
  await writeFile(join(folder, 'archive'), buildZip([GOOD]));
  await expect(extract(join(folder, 'archive'), { g: GOOD.name }, folder, { ...ARCHIVE_LIMITS, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(await readdir(folder)).toEqual(['archive']);
});

test('lists what is in it', async () => {
  await writeFile(join(folder, 'archive'), buildTgz([GOOD]));
  expect(await listEntries(join(folder, 'archive'))).toEqual([{ name: GOOD.name, kind: 'file', bytes: 4, packedBytes: undefined }]);
});
