import type { Clock } from '../../base/clock.ts';
import type { Mutex } from '../../base/mutex.ts';
import type { Db } from '../../db/open.ts';
import type { BlobStore } from './blobs.ts';
import * as downloads from './sources/partial.ts';
import { referencedDigests, removeHolders } from './store.ts';

/** After a start the first look comes soon: a server that is restarted often must collect as well. */
const FIRST_MS_MAX = 60_000;

export interface GarbageOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly blobs: BlobStore;
  /** Publishing waits meanwhile: a blob that is about to be referenced must not go. */
  readonly turns: Mutex;
  /** Digests of the files of everything that is deployed, and of each engine that is there, also of one that is about to go. */
  filesInUse(): ReadonlySet<string>;
  /** At most `graceMs`, so that nothing stays for two graces. */
  readonly everyMs: number;
  /** A blob stays so long after it was last needed. */
  readonly graceMs: number;
  /** Told of each collection that found something to do. */
  collected?(report: Collection): void;
  problem?(error: unknown): void;
}

/** What a collection did, or with `dryRun` would have done. */
export interface Collection {
  readonly blobs: number;
  readonly bytes: number;
  /** Uploads and downloads that nobody went on with. */
  readonly partials: number;
  readonly partialBytes: number;
  /** Not needed, but kept: their grace is not over, or somebody is about to publish them. */
  readonly waiting: number;
  readonly waitingBytes: number;
}

export interface CollectOptions {
  readonly dryRun?: boolean;
  readonly graceMs?: number;
}

/**
 * Removes blobs that nothing needs, by mark and sweep. Needed is what a version has, what is in use, and what somebody holds: an upload that
 * waits to be published, a pull. Each collection writes into the blobs themselves when they were last needed, and a blob goes as one file: there is nothing
 * that a crash could leave half done.
 */
export class Garbage {
  readonly #options: GarbageOptions;
  #cancel: () => void = () => undefined;
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: GarbageOptions) {
    this.#options = options;
  }

  /** From now on it collects by itself. */
  start(): void {
    this.#after(Math.min(FIRST_MS_MAX, this.#options.everyMs));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#running;
  }

  /** @throws what the database or the disk throws; what has gone by then has gone, the rest goes next time */
  collect({ dryRun = false, graceMs = this.#options.graceMs }: CollectOptions = {}): Promise<Collection> {
    const { turns } = this.#options;
    return turns.run(async () => {
      const blobs = await this.#sweepBlobs(dryRun, graceMs);
      const partials = await this.#expirePartials(dryRun);
      return { ...blobs, partials: partials.count, partialBytes: partials.bytes };
    });
  }

  async #sweepBlobs(dryRun: boolean, graceMs: number): Promise<Omit<Collection, 'partials' | 'partialBytes'>> {
    const { db, clock, blobs, filesInUse } = this.#options;
    const needed = (await referencedDigests(db)).union(filesInUse());
    const now = clock.now();
    const report = { blobs: 0, bytes: 0, waiting: 0, waitingBytes: 0 };
    for (const digest of await blobs.list()) {
      const found = await blobs.stat(digest);
      if (!found) continue;
      // A time that is still to come was written before the wall clock was set back.
      if (!dryRun && (needed.has(digest) || found.neededAt > now)) await blobs.touch(digest);
      if (needed.has(digest)) continue;
      const goes = dryRun ? found.neededAt <= now - graceMs && !blobs.holds.has(digest, now) : await blobs.discard(digest, now - graceMs, () => removeHolders(db, digest));
      report[goes ? 'blobs' : 'waiting']++;
      report[goes ? 'bytes' : 'waitingBytes'] += found.bytes;
    }
    return report;
  }

  async #expirePartials(dryRun: boolean): Promise<{ readonly count: number; readonly bytes: number }> {
    const { blobs, clock } = this.#options;
    const now = clock.now();
    const [uploads, rest] = [await blobs.uploads.expire(now, dryRun), await downloads.expirePartials(blobs.downloadFolder, now, dryRun)];
    return { count: uploads.count + rest.count, bytes: uploads.bytes + rest.bytes };
  }

  #after(ms: number): void {
    if (this.#closed) return;
    const { clock, everyMs, collected, problem } = this.#options;
    this.#cancel = clock.timer(ms, () => {
      this.#running = this.collect()
        .then((report) => (report.blobs + report.partials > 0 ? collected?.(report) : undefined), problem)
        .finally(() => this.#after(everyMs));
    });
  }
}
