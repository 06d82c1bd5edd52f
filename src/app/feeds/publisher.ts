import type { Clock } from '../../base/clock.ts';
import { writeCaller, writeRoutes } from '../../contract/feed-codec.ts';
import type { CallerEntry, RoutesFeed } from '../../contract/feeds.ts';
import { newId } from '../../base/ids.ts';
import { type CallerChange, syncCallersFeed, writeCallersFeed, writeFeedGeneration, writeRoutesFeed } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';

/** A write that failed is tried again after so long. */
const RETRY_MS = 1_000;

export interface FeedPublisherParts {
  readonly db: Db;
  readonly clock: Clock;
  /** A key's change has its place in the feed; undefined: it has none, because the key was revoked elsewhere. */
  written(hash: string, version: number | undefined): void;
  problem(error: unknown): void;
}

/** Writes the feeds where gateways in other processes read them, behind those who change them: the newest routes only, and each key's newest state. */
export class FeedPublisher {
  readonly #parts: FeedPublisherParts;
  #routes: RoutesFeed | undefined;
  readonly #callers = new Map<string, CallerChange>();
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(parts: FeedPublisherParts) {
    this.#parts = parts;
  }

  /** Makes the callers feed what it should be, after a start. */
  async start(entries: Iterable<CallerEntry>): Promise<void> {
    const { db, clock } = this.#parts;
    await writeFeedGeneration(db, newId('feeds', clock.now()));
    await syncCallersFeed(this.#parts.db, new Map([...entries].map((entry) => [entry.hash, writeCaller(entry)])));
  }

  /** Only who leads has routes to tell. */
  routes(feed: RoutesFeed): void {
    if (feed.epoch === 0) return;
    this.#routes = feed;
    this.#write();
  }

  /** A key's new state; no entry: it is gone. */
  caller(hash: string, entry: CallerEntry | undefined): void {
    this.#callers.set(hash, { hash, entry: entry ? writeCaller(entry) : null });
    this.#write();
  }

  /** Writes what is left, once. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    const { db, clock, written, problem } = this.#parts;
    while (this.#routes || this.#callers.size > 0) {
      const routes = this.#routes;
      const callers = [...this.#callers.values()];
      try {
        if (routes) await writeRoutesFeed(db, { epoch: routes.epoch, body: writeRoutes(routes) });
        if (this.#routes === routes) this.#routes = undefined;
        const versions = await writeCallersFeed(db, callers);
        for (const change of callers) {
          if (this.#callers.get(change.hash) !== change) continue;
          this.#callers.delete(change.hash);
          written(change.hash, versions.get(change.hash));
        }
      } catch (error) {
        problem(error);
        if (this.#closed) return;
        await clock.after(RETRY_MS);
      }
    }
  }
}
