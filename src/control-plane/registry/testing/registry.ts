import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { openDatabase } from '../../../db/open.ts';
import { BlobStore } from '../blobs.ts';
import type { Collection } from '../garbage.ts';
import { type Publisher, Registry } from '../service.ts';

export const OPERATOR: Publisher = { orgId: 'org_platform', orgName: 'modelyard', scopes: ['operator'] };
export const ACME: Publisher = { orgId: 'org_acme', orgName: 'acme', scopes: ['models.read', 'models.write'] };

export interface TestRegistry extends AsyncDisposable {
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly folder: string;
  /** Digests that count as deployed. */
  readonly deployed: Set<string>;
  /** Digests of files that count as an engine's. */
  readonly inUse: Set<string>;
  /** What the collections that ran by themselves found. */
  readonly collected: Collection[];
  /** Stores bytes as an upload of each organisation does; returns their digest. */
  upload(bytes: Buffer): Promise<`sha256:${string}`>;
}

/** A registry on a real database in memory, and a temporary folder. */
export const GRACE_MS = 86_400_000;

export async function testRegistry(clock: Clock = systemClock): Promise<TestRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'modelyard-registry-'));
  const db = await openDatabase(':memory:');
  for (const { orgId, orgName } of [OPERATOR, ACME]) await db.insertInto('organisations').values({ id: orgId, name: orgName, created_at: 0 }).execute();
  const blobs = new BlobStore(folder, { clock, holdMs: GRACE_MS });
  const deployed = new Set<string>();
  const inUse = new Set<string>();
  const collected: Collection[] = [];
  const registry = new Registry({
    db,
    clock,
    blobs,
    platformName: 'modelyard',
    deployedDigests: () => deployed,
    garbage: { everyMs: 3_600_000, graceMs: GRACE_MS, filesInUse: () => inUse, collected: (report) => collected.push(report) },
  });
  return {
    registry,
    blobs,
    folder,
    deployed,
    inUse,
    collected,
    async upload(bytes) {
      const digest = sha256(bytes);
      for (const publisher of [ACME, { ...OPERATOR, scopes: [] }]) await registry.upload(publisher, digest, { offset: 0, total: bytes.length, chunks: chunksOf(bytes) });
      return digest;
    },
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function sha256(bytes: Buffer): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export async function* chunksOf(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
