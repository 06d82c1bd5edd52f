import type { Clock } from '../../base/clock.ts';
import { readCaller, readRoutes } from '../../contract/feed-codec.ts';
import type { CallerEntry, RoutesFeed } from '../../contract/feeds.ts';
import { type CallerRow, readCallersFeed, readRoutesFeed } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { FeedStore, KeptFeeds } from './kept.ts';

/** A revoked key is refused, and a replica that stops is left, within so long and the time of two queries. */
const POLL_MS = 200;
const CALLERS_PAGE = 5_000;
/** What has changed is kept on disk after so long, many changes at once. */
const KEEP_AFTER_MS = 1_000;

export interface FeedFollowerParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly store: FeedStore;
  /** Takes a newer routes feed. */
  update(feed: RoutesFeed): void;
  problem(error: unknown): void;
}

/**
 * A gateway's own copy of both feeds: read from the database as they change, and kept on disk, so that the gateway starts and goes on
 * without the database. Lookups are in memory.
 */
export class FeedFollower {
  readonly #parts: FeedFollowerParts;
  readonly #entries = new Map<string, CallerEntry>();
  readonly #texts = new Map<string, string>();
  #routes: { version: number; body: string } = { version: 0, body: '' };
  #callersVersion = 0;
  #cancelPoll: () => void = () => undefined;
  #cancelKeep: (() => void) | undefined;
  #polling: Promise<void> = Promise.resolve();
  #closed = false;
  #isTold = false;
  /** Monotonic time at which the database last confirmed both feeds; undefined: never yet. */
  confirmedAt: number | undefined;

  constructor(parts: FeedFollowerParts) {
    this.#parts = parts;
  }

  find(hash: string): CallerEntry | undefined {
    return this.#entries.get(hash);
  }

  /** Takes what is on disk, then what the database has, and follows it from then on. */
  async start(): Promise<void> {
    const kept = await this.#parts.store.read();
    if (kept) this.#restore(kept);
    await this.#poll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPoll();
    await this.#polling;
    if (this.#cancelKeep) await this.#keep();
  }

  #restore({ routes, routesVersion, callers, callersVersion }: KeptFeeds): void {
    this.#routes = { version: routesVersion, body: routes };
    this.#callersVersion = callersVersion;
    for (const [hash, text] of Object.entries(callers)) this.#take({ hash, entry: text, version: callersVersion });
    if (routes !== '') this.#parts.update(readRoutes(routes));
  }

  #poll(): Promise<void> {
    return (this.#polling = this.#look().then(() => {
      if (!this.#closed) this.#cancelPoll = this.#parts.clock.timer(POLL_MS, () => void this.#poll());
    }));
  }

  async #look(): Promise<void> {
    const { clock, problem } = this.#parts;
    try {
      const callers = await this.#lookForCallers();
      const routes = await this.#lookForRoutes();
      this.confirmedAt = clock.monotonic();
      this.#isTold = false;
      if (callers || routes) this.#keepSoon();
    } catch (error) {
      // Once: it is tried again five times a second.
      if (!this.#isTold) problem(error);
      this.#isTold = true;
    }
  }

  async #lookForCallers(): Promise<boolean> {
    let changed = false;
    for (;;) {
      const rows = await readCallersFeed(this.#parts.db, this.#callersVersion, CALLERS_PAGE);
      for (const row of rows) this.#take(row);
      changed ||= rows.length > 0;
      if (rows.length < CALLERS_PAGE) return changed;
    }
  }

  #take({ hash, entry, version }: CallerRow): void {
    this.#callersVersion = Math.max(this.#callersVersion, version);
    if (entry === null) {
      this.#entries.delete(hash);
      this.#texts.delete(hash);
      return;
    }
    this.#entries.set(hash, readCaller(entry));
    this.#texts.set(hash, entry);
  }

  async #lookForRoutes(): Promise<boolean> {
    const newer = await readRoutesFeed(this.#parts.db, this.#routes.version);
    if (!newer) return false;
    this.#routes = newer;
    this.#parts.update(readRoutes(newer.body));
    return true;
  }

  #keepSoon(): void {
    this.#cancelKeep ??= this.#parts.clock.timer(KEEP_AFTER_MS, () => void this.#keep().catch((error: unknown) => this.#parts.problem(error)));
  }

  #keep(): Promise<void> {
    this.#cancelKeep?.();
    this.#cancelKeep = undefined;
    const { version: routesVersion, body: routes } = this.#routes;
    return this.#parts.store.write({ routes, routesVersion, callers: Object.fromEntries(this.#texts), callersVersion: this.#callersVersion });
  }
}
