import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildGguf, buildOnnx, gguf, LLAMA_KEYS } from '../../model-files/testing/build.ts';
import { openVerified } from '../../model-files/verified.ts';
import { parseDigest } from './digest.ts';
import { ACME, chunksOf, OPERATOR, sha256, testRegistry } from './testing/registry.ts';

const WEIGHTS = buildGguf();
const OTHER = buildGguf({ keys: [...LLAMA_KEYS, gguf.string('general.name', 'other')] });
const publication = (name: string, digest: string, path = 'model.gguf') => ({ name, files: [{ path, digest }], origin: 'test' });

describe('blobs', () => {
  test.each([
    'sha256:../../etc/passwd',
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(64)}\n`,
    `sha256:${'a'.repeat(64)}/..`,
    `sha512:${'a'.repeat(64)}`,
    'a'.repeat(64),
    '',
  ])('X19: %j is no digest', async (text) => {
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ kind: 'invalid_argument' }));
    await using it = await testRegistry();
    expect(() => it.blobs.path(text as never)).toThrow(/A digest is/);
    await expect(it.blobs.uploads.append(text as never, { holder: 'org', offset: 0, total: 1, chunks: chunksOf(Buffer.from('a')) })).rejects.toThrow(/A digest is/);
    await expect(it.registry.publish(OPERATOR, publication('m', text))).rejects.toThrow(/A digest is/);
  });

  test('S31: an interrupted upload goes on where it stopped, and is not visible before it is whole', async () => {
    await using it = await testRegistry();
    const digest = sha256(WEIGHTS);
    const half = WEIGHTS.length >> 1;
    async function* broken() {
      yield WEIGHTS.subarray(0, half);
      throw new Error('the connection broke');
    }
    await expect(it.blobs.uploads.append(digest, { holder: 'org', offset: 0, total: WEIGHTS.length, chunks: broken() })).rejects.toThrow('broke');
    expect(await it.blobs.size(digest)).toBeUndefined();
    expect(await it.blobs.list()).toEqual([]);
    await expect(it.registry.publish(OPERATOR, publication('m', digest))).rejects.toMatchObject({ code: 'blob_missing' });
    expect(await it.blobs.uploads.arrived(digest, 'org')).toBe(half);
    await expect(it.blobs.uploads.append(digest, { holder: 'org', offset: half - 1, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS) })).rejects.toMatchObject({
      code: 'wrong_offset',
    });
    await it.blobs.uploads.append(digest, { holder: 'org', offset: half, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS.subarray(half)) });
    expect(await it.blobs.size(digest)).toBe(WEIGHTS.length);
    expect((await it.registry.publish(OPERATOR, publication('m', digest))).number).toBe(1);
  });

  test('S31: bytes of another digest are deleted', async () => {
    await using it = await testRegistry();
    const digest = sha256(Buffer.from('what was announced'));
    await expect(it.blobs.uploads.append(digest, { holder: 'org', offset: 0, total: 5, chunks: chunksOf(Buffer.from('other')) })).rejects.toMatchObject({
      code: 'digest_mismatch',
    });
    expect([await it.blobs.size(digest), await it.blobs.uploads.arrived(digest, 'org')]).toEqual([undefined, 0]);
    await expect(it.blobs.uploads.append(digest, { holder: 'org', offset: 0, total: 3, chunks: chunksOf(Buffer.from('more than 3')) })).rejects.toMatchObject({
      code: 'too_many_bytes',
    });
  });

  test('X26: a blob is read-only, and bytes that were swapped afterwards are not loaded', async () => {
    await using it = await testRegistry();
    const digest = await it.upload(WEIGHTS);
    const path = it.blobs.path(digest);
    expect((await stat(path)).mode & 0o777).toBe(0o444);
    const file = await openVerified(path, digest);
    await file.close();
    await rm(path);
    await writeFile(path, OTHER);
    await expect(openVerified(path, digest)).rejects.toMatchObject({ code: 'digest_mismatch' });
  });

  test('X26: a file that is adopted must have the expected digest', async () => {
    await using it = await testRegistry();
    const file = join(it.folder, 'file');
    await writeFile(file, WEIGHTS);
    await expect(it.blobs.adopt(file, { expected: sha256(OTHER) })).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(await it.blobs.list()).toEqual([]);
  });
});

test('X8: a digest that another organisation has uploaded is not there for who has not sent the bytes', async () => {
  await using it = await testRegistry();
  const digest = sha256(WEIGHTS);
  const part = () => ({ offset: 0, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS) });
  await it.registry.upload(ACME, digest, part());
  const other = { ...OPERATOR, orgId: 'org_platform', scopes: ['models.write'] as const };
  expect(await it.registry.uploadState(other, digest)).toEqual({ bytes: 0, complete: false });
  await expect(it.registry.publish(other, publication('stolen', digest))).rejects.toMatchObject({ code: 'blob_missing' });
  expect(await it.registry.upload(other, digest, part())).toEqual({ bytes: WEIGHTS.length, complete: true });
  expect((await it.registry.publish(other, publication('own', digest))).number).toBe(1);
});

describe('versions', () => {
  test.each(['model.pkl', 'model.gguf', 'model.onnx', 'readme.txt'])('X20: a pickle is refused, as %s too', async (path) => {
    await using it = await testRegistry();
    const digest = await it.upload(Buffer.from('\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.', 'latin1'));
    await expect(it.registry.publish(OPERATOR, publication('m', digest, path))).rejects.toMatchObject({ code: 'unsupported_format' });
    expect(await it.registry.list(OPERATOR)).toEqual([]);
  });

  test('X20: weights under a pickle’s name, and a zip beside weights, are refused', async () => {
    await using it = await testRegistry();
    const [weights, zip] = [await it.upload(WEIGHTS), await it.upload(Buffer.from('PK\x03\x04 a torch file'))];
    await expect(it.registry.publish(OPERATOR, publication('m', weights, 'model.pt'))).rejects.toMatchObject({ code: 'unsupported_format' });
    const files = [
      { path: 'model.gguf', digest: weights },
      { path: 'vocabulary.txt', digest: zip },
    ];
    await expect(it.registry.publish(OPERATOR, { name: 'm', files, origin: 'test' })).rejects.toMatchObject({ code: 'unsupported_format' });
  });

  test.each(['../x', 'a/b/c', 'a%2fb', 'x'.repeat(10_240), 'a\0b', 'A', '-a', '.', '..', 'acme/..', ''])('X48: %j is no model name', async (name) => {
    await using it = await testRegistry();
    const digest = await it.upload(WEIGHTS);
    await expect(it.registry.publish(OPERATOR, publication(name, digest))).rejects.toMatchObject({ kind: 'invalid_argument', param: 'name' });
    await expect(it.registry.select(OPERATOR, name)).rejects.toMatchObject({ kind: 'not_found' });
  });

  test('names belong to organisations; another organisation’s model does not exist', async () => {
    await using it = await testRegistry();
    const digest = await it.upload(WEIGHTS);
    for (const [who, name] of [
      [ACME, 'short'],
      [ACME, 'other/m'],
      [OPERATOR, 'acme/m'],
    ] as const)
      await expect(it.registry.publish(who, publication(name, digest))).rejects.toMatchObject({ code: 'name_not_yours' });
    await it.registry.publish(ACME, publication('acme/m', digest));
    await it.registry.publish(OPERATOR, publication('m', digest));
    await expect(it.registry.get(ACME, 'm')).rejects.toMatchObject({ kind: 'not_found' });
    expect((await it.registry.list(ACME)).map(({ name }) => name)).toEqual(['acme/m']);
    expect(await it.registry.list(OPERATOR)).toHaveLength(2);
  });

  test('a version never changes; the same bytes again are the same version', async () => {
    await using it = await testRegistry();
    const [first, second] = [await it.upload(WEIGHTS), await it.upload(OTHER)];
    const one = await it.registry.publish(OPERATOR, publication('m', first));
    expect(await it.registry.publish(OPERATOR, publication('m', first))).toEqual(one);
    expect((await it.registry.publish(OPERATOR, publication('m', second))).number).toBe(2);
    expect(await it.registry.select(OPERATOR, 'm:1')).toEqual(one);
    const both = await Promise.all([1, 2].map(() => it.registry.publish(OPERATOR, { ...publication('m', second), card: 'new' })));
    expect(both.map(({ number }) => number)).toEqual([3, 3]);
    expect(one.manifest).toMatchObject({ task: 'chat', engine: 'llama', files: [{ path: 'model.gguf', digest: first, bytes: WEIGHTS.length }], licence: 'apache-2.0' });
  });

  test('labels: stable is the first version until told otherwise; a bare name means the newest', async () => {
    await using it = await testRegistry();
    for (const bytes of [WEIGHTS, OTHER]) await it.registry.publish(OPERATOR, publication('m', await it.upload(bytes)));
    expect((await it.registry.select(OPERATOR, 'm')).number).toBe(2);
    await it.registry.label(OPERATOR, 'm', { label: 'stable', version: 2 });
    await it.registry.label(OPERATOR, 'm', { label: 'candidate', version: 1 });
    expect((await it.registry.select(OPERATOR, 'm')).number).toBe(2);
    expect((await it.registry.select(OPERATOR, 'm@candidate')).number).toBe(1);
    await expect(it.registry.select(OPERATOR, 'm@none')).rejects.toMatchObject({ code: 'version_not_found' });
    await expect(it.registry.label(OPERATOR, 'm', { label: 'stable', version: 9 })).rejects.toMatchObject({ code: 'version_not_found' });
    await it.registry.remove(OPERATOR, 'm:2');
    expect((await it.registry.get(OPERATOR, 'm')).labels).toEqual({ candidate: 1 });
  });

  test('garbage: a blob that some version needs never goes; what is deployed is not removed', async () => {
    await using it = await testRegistry();
    const [kept, shared, loose] = [await it.upload(WEIGHTS), await it.upload(OTHER), await it.upload(buildOnnx())];
    const version = await it.registry.publish(OPERATOR, publication('m', kept));
    await it.registry.publish(OPERATOR, publication('n', shared));
    await it.registry.publish(ACME, publication('acme/n', shared));
    // What was just uploaded may be about to be published, whatever the grace.
    expect(await it.registry.garbage.collect({ graceMs: 0 })).toMatchObject({ blobs: 0, waiting: 1, waitingBytes: buildOnnx().length });
    for (const { orgId } of [ACME, OPERATOR]) it.blobs.holds.releaseAll(orgId);
    expect(await it.registry.garbage.collect({ graceMs: 0 })).toMatchObject({ blobs: 1, bytes: buildOnnx().length, waiting: 0 });
    expect(await it.blobs.size(loose)).toBeUndefined();
    await it.registry.remove(OPERATOR, 'n');
    expect((await it.registry.garbage.collect({ graceMs: 0 })).blobs).toBe(0);
    it.deployed.add(version.digest);
    await expect(it.registry.remove(OPERATOR, 'm')).rejects.toMatchObject({ code: 'model_in_use' });
    await it.registry.remove(ACME, 'acme/n');
    await expect(Promise.all([it.registry.garbage.collect({ graceMs: 0 }), it.registry.publish(OPERATOR, publication('late', shared))])).rejects.toMatchObject({
      code: 'blob_missing',
    });
    expect(await it.blobs.list()).toEqual([kept]);
  });
});
