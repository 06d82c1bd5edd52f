import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { buildGguf, gguf, LLAMA_KEYS } from '../../model-files/testing/build.ts';
import { openVerified } from '../../model-files/verified.ts';
import { BlobStore } from './blobs.ts';
import type { Digest } from './digest.ts';
import { ACME, chunksOf, GRACE_MS, OPERATOR, sha256, testRegistry } from './testing/registry.ts';
import { OPEN_UPLOADS_MAX, UPLOAD_KEPT_MS } from './uploads.ts';

const WEIGHTS = buildGguf();
const HALF = WEIGHTS.length >> 1;
const digest = sha256(WEIGHTS);
const HOUR = 3_600_000;
const publication = (name: string, of: string = digest) => ({ name, files: [{ path: 'model.gguf', digest: of }], origin: 'test' });
const all = () => ({ offset: 0, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS) });

describe('garbage collection', () => {
  test('the bytes of a version that is deleted are free at last: a grace after its removal, not after the last look at it', async () => {
    const clock = new FakeClock();
    await using it = await testRegistry(clock);
    await it.registry.upload(ACME, digest, all());
    await it.registry.publish(ACME, publication('acme/m'));
    clock.step(30 * GRACE_MS);
    await it.registry.remove(ACME, 'acme/m');
    clock.step(GRACE_MS - 1);
    expect(await it.registry.garbage.collect()).toMatchObject({ blobs: 0, waiting: 1, waitingBytes: WEIGHTS.length });
    clock.step(1);
    expect(await it.registry.garbage.collect({ dryRun: true })).toMatchObject({ blobs: 1, bytes: WEIGHTS.length });
    expect(await it.blobs.size(digest)).toBe(WEIGHTS.length);
    expect(await it.registry.garbage.collect()).toMatchObject({ blobs: 1, bytes: WEIGHTS.length, waiting: 0 });
    expect(await it.blobs.list()).toEqual([]);
    // Who had sent it must send it again.
    expect(await it.registry.uploadState(ACME, digest)).toEqual({ bytes: 0, complete: false });
    await it.registry.upload({ ...OPERATOR, scopes: [] }, digest, all());
    expect(await it.registry.uploadState(ACME, digest)).toEqual({ bytes: 0, complete: false });
    await expect(it.registry.publish(ACME, publication('acme/m'))).rejects.toMatchObject({ code: 'blob_missing' });
  });

  test('it runs by itself, soon after the start and then at its interval, and tells what it freed', async () => {
    const clock = new FakeClock();
    await using it = await testRegistry(clock);
    const old = it.blobs.path(digest);
    await mkdir(join(old, '..'), { recursive: true });
    await writeFile(old, WEIGHTS);
    await utimes(old, 0, 0);
    it.registry.garbage.start();
    await clock.advance(60_000);
    await expect.poll(() => it.blobs.list()).toEqual([]);
    await it.registry.garbage.close();
    expect(it.collected).toMatchObject([{ blobs: 1, bytes: WEIGHTS.length }]);
  });

  test('X26: an engine goes on with the very bytes that it verified, whatever is collected, and put under the name, meanwhile', async () => {
    await using it = await testRegistry();
    await it.upload(WEIGHTS);
    const engine = await openVerified(it.blobs.path(digest), digest);
    for (const { orgId } of [ACME, OPERATOR]) it.blobs.holds.releaseAll(orgId);
    expect((await it.registry.garbage.collect({ graceMs: 0 })).blobs).toBe(1);
    await writeFile(it.blobs.path(digest), 'other bytes');
    expect(sha256(await readFile(engine.path))).toBe(digest);
    await engine.close();
    await expect(openVerified(it.blobs.path(digest), digest)).rejects.toMatchObject({ code: 'digest_mismatch' });
  });

  test('files in use stay, also without a version and without a grace; a clock that was set back removes nothing early', async () => {
    const clock = new FakeClock();
    await using it = await testRegistry(clock);
    await it.upload(WEIGHTS);
    for (const { orgId } of [ACME, OPERATOR]) it.blobs.holds.releaseAll(orgId);
    it.inUse.add(digest);
    clock.step(9 * GRACE_MS);
    expect(await it.registry.garbage.collect({ graceMs: 0 })).toMatchObject({ blobs: 0, waiting: 0 });
    it.inUse.clear();
    clock.step(-5 * GRACE_MS);
    expect(await it.registry.garbage.collect()).toMatchObject({ blobs: 0, waiting: 1 });
    clock.step(GRACE_MS);
    expect(await it.registry.garbage.collect()).toMatchObject({ blobs: 1 });
  });

  test('who has asked whether his file is here finds it when he publishes, however old it is', async () => {
    const clock = new FakeClock();
    await using it = await testRegistry(clock);
    await it.registry.upload(ACME, digest, all());
    clock.step(GRACE_MS + HOUR);
    expect(await it.registry.uploadState(ACME, digest)).toMatchObject({ complete: true });
    expect((await it.registry.garbage.collect({ graceMs: 0 })).blobs).toBe(0);
    // A restart forgets who asked, but not when.
    it.blobs.holds.releaseAll(ACME.orgId);
    expect((await it.registry.garbage.collect()).blobs).toBe(0);
    expect((await it.registry.publish(ACME, publication('acme/m'))).number).toBe(1);
  });
});

describe('uploads', () => {
  async function* broken(bytes: Buffer) {
    yield bytes;
    throw new Error('the connection broke');
  }

  test('S31: one that was cut goes on at its offset, also after a restart; it expires a week after its last part, and not while a part comes', async () => {
    const clock = new FakeClock();
    await using it = await testRegistry(clock);
    await expect(it.registry.upload(ACME, digest, { ...all(), chunks: broken(WEIGHTS.subarray(0, HALF)) })).rejects.toThrow('broke');
    clock.step(UPLOAD_KEPT_MS - HOUR);
    const later = new BlobStore(it.folder, { clock });
    expect(await later.uploads.arrived(digest, ACME.orgId)).toBe(HALF);
    await expect(later.uploads.append(digest, { holder: ACME.orgId, offset: HALF, total: WEIGHTS.length, chunks: broken(WEIGHTS.subarray(HALF, HALF + 10)) })).rejects.toThrow(
      'broke',
    );
    clock.step(UPLOAD_KEPT_MS);
    expect(await it.registry.garbage.collect()).toMatchObject({ partials: 0 });
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      await gate.promise;
      yield WEIGHTS.subarray(HALF + 10, HALF + 20);
    }
    clock.step(HOUR);
    const sending = it.registry.upload(ACME, digest, { offset: HALF + 10, total: WEIGHTS.length, chunks: slow() });
    await expect.poll(() => it.registry.upload(ACME, digest, all()).catch((error: { code: string }) => error.code)).toBe('upload_busy');
    expect(await it.registry.garbage.collect()).toMatchObject({ partials: 0 });
    gate.resolve();
    expect(await sending).toEqual({ bytes: HALF + 20, complete: false });
    clock.step(UPLOAD_KEPT_MS + HOUR);
    expect(await it.registry.garbage.collect()).toMatchObject({ partials: 1, partialBytes: HALF + 20 });
    expect(await it.registry.uploadState(ACME, digest)).toEqual({ bytes: 0, complete: false });
  });

  test('one that came whole, but whose process ended before it was verified, ends with whatever part comes next', async () => {
    await using it = await testRegistry();
    const path = join(it.folder, 'uploads', `${ACME.orgId}-${digest.slice('sha256:'.length)}`);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, WEIGHTS);
    await chmod(path, 0o444);
    expect(await it.registry.uploadState(ACME, digest)).toEqual({ bytes: WEIGHTS.length, complete: false });
    const last = WEIGHTS.length - 1;
    expect(await it.registry.upload(ACME, digest, { offset: last, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS.subarray(last)) })).toMatchObject({ complete: true });
    expect((await it.registry.publish(ACME, publication('acme/m'))).number).toBe(1);
  });

  test('two organisations send the same file at once: each its own, and there is one blob', async () => {
    await using it = await testRegistry();
    const halves = (who: typeof ACME) => async () => {
      for (const [from, to] of [
        [0, HALF],
        [HALF, WEIGHTS.length],
      ] as const)
        await it.registry.upload(who, digest, { offset: from, total: WEIGHTS.length, chunks: chunksOf(WEIGHTS.subarray(from, to)) });
    };
    const platform = { ...OPERATOR, scopes: ['models.write'] as const };
    await Promise.all([halves(ACME)(), halves(platform)()]);
    expect([await it.blobs.list(), await readdir(join(it.folder, 'uploads'))]).toEqual([[digest], []]);
    expect((await stat(it.blobs.path(digest))).mode & 0o777).toBe(0o444);
    for (const [who, name] of [
      [ACME, 'acme/m'],
      [platform, 'm'],
    ] as const)
      expect((await it.registry.publish(who, publication(name))).number).toBe(1);
  });

  test(`an organisation has at most ${OPEN_UPLOADS_MAX} that are not whole`, async () => {
    await using it = await testRegistry();
    const start = (at: number) => {
      const bytes = Buffer.from(`file ${at}`);
      return it.registry.upload(ACME, sha256(bytes), { offset: 0, total: bytes.length, chunks: chunksOf(bytes.subarray(0, 2)) });
    };
    for (let at = 0; at < OPEN_UPLOADS_MAX; at++) await start(at);
    await expect(start(OPEN_UPLOADS_MAX)).rejects.toMatchObject({ kind: 'rate_limited', code: 'too_many_uploads' });
    const other: Digest = sha256(buildGguf({ keys: [...LLAMA_KEYS, gguf.string('general.name', 'x')] }));
    await expect(it.registry.upload(OPERATOR, other, { offset: 0, total: 9, chunks: chunksOf(Buffer.from('GGUF')) })).resolves.toMatchObject({ complete: false });
  });
});
