import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock } from '../../../../tests/fake-clock.ts';
import type { Db } from '../../../db/open.ts';
import { buildGguf, gguf, LLAMA_KEYS } from '../../../model-files/testing/build.ts';
import { openVerified, type VerifiedFile } from '../../../model-files/verified.ts';
import { BlobStore } from '../blobs.ts';
import { type Digest, digestOf } from '../digest.ts';
import { type Publisher, Registry } from '../service.ts';
import { ACME, chunksOf, OPERATOR, sha256 } from './registry.ts';

const HOUR = 3_600_000;
const EVERY_MS = 6 * HOUR;
const GRACE_MS = 24 * HOUR;
export const FILES = Array.from({ length: 2 }, (_, at) => buildGguf({ keys: [...LLAMA_KEYS, gguf.string('general.name', `file ${at}`)] }));
const DIGESTS = FILES.map(sha256);
/** Two organisations; neither sees what the other has sent. */
export const ORGS: readonly Publisher[] = [ACME, { ...OPERATOR, scopes: [] }];

export type Step =
  | { readonly do: 'upload' | 'ask' | 'publish' | 'release'; readonly org: number; readonly file: number }
  | { readonly do: 'pull' | 'endPull' | 'failPull' | 'remove' | 'deploy' | 'undeploy' | 'retire' | 'engineEnds'; readonly file: number }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'crash' | 'collectNow' | 'dryRun' };

interface Version {
  readonly org: Publisher;
  readonly name: string;
  readonly digest: string;
}

/** What must be so, written down without looking at how it is done; beside it the real thing on a real disk and database. */
export class World {
  readonly #db: Db;
  readonly #folder: string;
  readonly #clock = new FakeClock();
  /** Until the server collects by itself. */
  #untilNextMs = EVERY_MS;
  blobs!: BlobStore;
  registry!: Registry;
  /** File → the version that has it. */
  readonly versions = new Map<Digest, Version>();
  readonly deployed = new Set<string>();
  readonly engines = new Map<Digest, VerifiedFile>();
  readonly pulls = new Set<Digest>();
  /** Who is about to publish a file, until when; a crash forgets it. */
  readonly claims = new Map<string, number>();
  /** From when a file's grace counts: it was in use, came, or was asked for. */
  readonly graceFrom = new Map<Digest, number>();
  readonly lastNeededAt = new Map<Digest, number>();
  /** Something without a grace was collected since this file was last needed. */
  readonly isTaken = new Set<Digest>();

  constructor(db: Db, folder: string) {
    this.#db = db;
    this.#folder = folder;
    this.start();
  }

  /** A process: what was in memory is not. */
  start(): void {
    this.blobs = new BlobStore(this.#folder, { clock: this.#clock, holdMs: GRACE_MS });
    this.registry = new Registry({
      db: this.#db,
      clock: this.#clock,
      blobs: this.blobs,
      platformName: 'modelyard',
      deployedDigests: () => this.deployed,
      garbage: { everyMs: EVERY_MS, graceMs: GRACE_MS, filesInUse: () => new Set(this.engines.keys()) },
    });
  }

  async take({ step: taken, beside: wanted }: { readonly step: Step; readonly beside: boolean }): Promise<void> {
    const beside = wanted && taken.do !== 'crash' && taken.do !== 'dryRun';
    this.#note();
    if (beside) this.#collectedNow();
    await Promise.all([this.#act(taken), beside ? this.registry.garbage.collect({ graceMs: 0 }) : undefined]);
    // What ended meanwhile may be gone or not.
    if (beside) this.#collectedNow();
    this.#note();
    await this.check();
  }

  async #act(taken: Step): Promise<void> {
    switch (taken.do) {
      case 'upload':
      case 'ask':
      case 'publish':
        return this.#client(taken.do, ORGS[taken.org] ?? ACME, taken.file);
      case 'release':
        for (const what of ['upload', 'upload', 'publish'] as const) await this.#client(what, ORGS[taken.org] ?? ACME, taken.file);
        return;
      case 'wait':
        return this.#wait(taken.hours);
      case 'crash':
        for (const engine of this.engines.values()) await engine.close();
        for (const map of [this.engines, this.pulls, this.claims]) map.clear();
        return this.start();
      case 'collectNow':
        this.#collectedNow();
        await this.registry.garbage.collect({ graceMs: 0 });
        return assert.deepEqual((await this.blobs.list()).toSorted(), DIGESTS.filter((digest) => this.#isNeeded(digest)).toSorted());
      case 'dryRun': {
        const before = (await this.blobs.list()).toSorted();
        await this.registry.garbage.collect({ dryRun: true, graceMs: 0 });
        return assert.deepEqual((await this.blobs.list()).toSorted(), before);
      }
      default:
        return this.#operator(taken.do, DIGESTS[taken.file] ?? sha256(Buffer.of()), FILES[taken.file] ?? Buffer.of());
    }
  }

  /** An upload goes in two parts. */
  async #client(what: 'upload' | 'ask' | 'publish', who: Publisher, at: number): Promise<void> {
    const [digest, bytes] = [DIGESTS[at], FILES[at]];
    if (!digest || !bytes) return;
    if (what === 'publish') return this.#publish(who, digest);
    const state = await this.registry.uploadState(who, digest);
    if (state.complete) return this.#claim(digest, who.orgId);
    if (what === 'ask') return;
    const half = bytes.length >> 1;
    const part = bytes.subarray(state.bytes, state.bytes < half ? half : bytes.length);
    const { complete } = await this.registry.upload(who, digest, { offset: state.bytes, total: bytes.length, chunks: chunksOf(part) });
    if (complete) this.#claim(digest, who.orgId);
  }

  async #publish(who: Publisher, digest: Digest): Promise<void> {
    if (this.versions.has(digest)) return;
    const isClaimed = (this.claims.get(`${digest} ${who.orgId}`) ?? 0) > this.#clock.now();
    const name = `${who === ACME ? 'acme/' : ''}m${DIGESTS.indexOf(digest)}`;
    try {
      const version = await this.registry.publish(who, { name, files: [{ path: 'model.gguf', digest }], origin: 'test' });
      this.versions.set(digest, { org: who, name, digest: version.digest });
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, 'blob_missing');
      assert.ok(!isClaimed, `${digest} was there to publish`);
    }
    this.claims.delete(`${digest} ${who.orgId}`);
  }

  async #operator(what: 'pull' | 'endPull' | 'failPull' | 'remove' | 'deploy' | 'undeploy' | 'retire' | 'engineEnds', digest: Digest, bytes: Buffer): Promise<void> {
    const version = this.versions.get(digest);
    switch (what) {
      case 'pull': {
        if (this.pulls.has(digest)) return;
        const path = join(await this.blobs.workFolder('pull'), digest.slice(-8));
        await writeFile(path, bytes);
        await this.blobs.adopt(path, { expected: digest, holder: `pull ${digest}` });
        this.pulls.add(digest);
        return this.#came(digest);
      }
      case 'endPull':
        if (!this.pulls.has(digest)) return;
        if (!version) {
          const name = `p${DIGESTS.indexOf(digest)}`;
          const made = await this.registry.publish(OPERATOR, { name, files: [{ path: 'model.gguf', digest }], origin: 'pull' });
          this.versions.set(digest, { org: OPERATOR, name, digest: made.digest });
          this.claims.delete(`${digest} ${OPERATOR.orgId}`);
        }
        return this.#endPull(digest);
      case 'failPull':
        return this.#endPull(digest);
      case 'remove':
        if (!version) return;
        if (this.deployed.has(version.digest)) return assert.rejects(this.registry.remove(version.org, version.name), { code: 'model_in_use' });
        await this.registry.remove(version.org, version.name);
        return void this.versions.delete(digest);
      case 'deploy':
        if (!version) return;
        this.deployed.add(version.digest);
        if (!this.engines.has(digest)) this.engines.set(digest, await openVerified(this.blobs.path(digest), digest));
        return;
      case 'retire':
        await this.#operator('undeploy', digest, bytes);
        return this.#operator('remove', digest, bytes);
      case 'undeploy':
        return void (version && this.deployed.delete(version.digest));
      case 'engineEnds':
        if (version && this.deployed.has(version.digest)) return;
        await this.engines.get(digest)?.close();
        return void this.engines.delete(digest);
    }
  }

  #endPull(digest: Digest): void {
    this.blobs.holds.releaseAll(`pull ${digest}`);
    this.pulls.delete(digest);
  }

  async #wait(hours: number): Promise<void> {
    for (let left = hours * HOUR; left > 0;) {
      const passed = Math.min(left, this.#untilNextMs);
      this.#clock.step(passed);
      this.#note();
      left -= passed;
      this.#untilNextMs -= passed;
      if (this.#untilNextMs > 0) continue;
      this.#untilNextMs = EVERY_MS;
      await this.registry.garbage.collect();
    }
  }

  #claim(digest: Digest, orgId: string): void {
    this.claims.set(`${digest} ${orgId}`, this.#clock.now() + GRACE_MS);
    this.#came(digest);
  }

  #came(digest: Digest): void {
    this.graceFrom.set(digest, this.#clock.now());
    this.isTaken.delete(digest);
  }

  #isNeeded(digest: Digest): boolean {
    return this.versions.has(digest) || this.engines.has(digest) || this.pulls.has(digest) || this.#isClaimed(digest);
  }

  #isClaimed(digest: Digest): boolean {
    return ORGS.some(({ orgId }) => (this.claims.get(`${digest} ${orgId}`) ?? 0) > this.#clock.now());
  }

  #mustBeThere(digest: Digest): boolean {
    const since = this.#clock.now() - (this.graceFrom.get(digest) ?? -Infinity);
    return this.#isNeeded(digest) || (since < GRACE_MS && !this.isTaken.has(digest));
  }

  #note(): void {
    for (const digest of DIGESTS) {
      if (this.#isNeeded(digest)) this.lastNeededAt.set(digest, this.#clock.now());
      if (this.versions.has(digest)) this.#came(digest);
    }
  }

  #collectedNow(): void {
    for (const digest of DIGESTS) if (!this.#isNeeded(digest)) this.isTaken.add(digest);
  }

  /** Nothing needed is gone, nothing unneeded is here after two graces, and engines read what they verified. */
  async check(): Promise<void> {
    const there = new Set(await this.blobs.list());
    for (const digest of DIGESTS) {
      if (this.#mustBeThere(digest)) assert.ok(there.has(digest), `${digest} is needed`);
      if (there.has(digest)) assert.equal(await digestOf(this.blobs.path(digest)), digest);
      const since = this.#clock.now() - (this.lastNeededAt.get(digest) ?? -Infinity);
      if (!this.#isNeeded(digest) && since >= 2 * GRACE_MS) assert.ok(!there.has(digest), `${digest} is garbage`);
    }
    for (const [digest, engine] of this.engines) assert.equal(sha256(await readFile(engine.path)), digest);
  }

  async end(): Promise<void> {
    await this.#wait((2 * GRACE_MS) / HOUR);
    await this.check();
    assert.deepEqual((await this.blobs.list()).toSorted(), DIGESTS.filter((digest) => this.#isNeeded(digest)).toSorted());
    for (const engine of this.engines.values()) await engine.close();
  }
}
