import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { BlobStore, digestOf, pullStarter, type Publisher, Registry, type Starter, STARTERS } from '../../src/control-plane/registry/index.ts';
import { openDatabase } from '../../src/db/open.ts';

const OPERATOR: Publisher = { orgId: 'org_platform', orgName: 'modelyard', scopes: ['operator'] };
const TASKS: Readonly<Record<string, string>> = {
  'smollm2-135m-instruct': 'llama chat',
  'all-minilm-l6-v2': 'llama embedding',
  'ppocr-v4-rec': 'onnx tensor',
  magika: 'onnx tensor',
};

/** A registry of its own in the folder, on a database in memory. */
async function registryIn(folder: string) {
  const db = await openDatabase(':memory:');
  await db.insertInto('organisations').values({ id: OPERATOR.orgId, name: OPERATOR.orgName, created_at: 0 }).execute();
  const blobs = new BlobStore(folder);
  const registry = new Registry({
    db,
    clock: systemClock,
    blobs,
    platformName: OPERATOR.orgName,
    deployedDigests: () => new Set(),
    garbage: { everyMs: 1, graceMs: 1, filesInUse: () => new Set() },
  });
  return { registry, blobs, [Symbol.asyncDispose]: () => db.destroy() };
}

/** Each starter from each of its packages, for real. */
describe('starters', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'modelyard-starters-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const cases = STARTERS.flatMap((starter) => starter.sources.map((source) => [starter.name, source.source, { ...starter, sources: [source] } satisfies Starter] as const));
  test.each(cases)('X26: %s from %s comes with the bytes that it promises, and comes once', async (name, source, starter) => {
    const home = join(folder, source.replaceAll(/\W/g, '-'));
    await using it = await registryIn(home);
    const started = systemClock.monotonic();
    const version = await pullStarter(it.registry, OPERATOR, starter, { environment: process.env, report: () => undefined });
    process.stdout.write(`${name} from ${source}: ${((systemClock.monotonic() - started) / 1000).toFixed(1)} s\n`);
    expect(`${version.manifest.engine} ${version.manifest.task}`).toBe(TASKS[name]);
    expect(Object.fromEntries(version.manifest.files.map(({ path, digest }) => [path, digest]))).toEqual(starter.files);
    for (const digest of Object.values(starter.files)) expect(await digestOf(it.blobs.path(digest))).toBe(digest);
    expect((await it.blobs.list()).toSorted()).toEqual(Object.values(starter.files).toSorted());
    expect(await readdir(join(home, 'work'))).toEqual([]);
    // Without any package client on its path, a second pull can only be one that needs none.
    expect(await pullStarter(it.registry, OPERATOR, starter, { environment: { PATH: '/nowhere' }, report: () => undefined })).toEqual(version);
    await rm(home, { recursive: true, force: true });
  });
});
