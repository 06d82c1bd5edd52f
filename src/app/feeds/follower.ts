import type { Clock } from '../../base/clock.ts';
import { type CallerRow, readCallersFeed, readRoutesFeed, type RoutesRow } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';

/** A revoked key is refused, and a replica that stops is left, within so long and the time of two queries. */
const POLL_MS = 200;
const CALLERS_PAGE = 5_000;

export interface FeedFollowerParts {
  readonly db: Db;
  readonly clock: Clock;
  /** What the reader has already. */
  readonly since: { readonly routes: number; readonly callers: number };
  takeRoutes(row: RoutesRow): void;
  takeCaller(row: CallerRow): void;
  /** Something was taken. */
  changed?(): void;
  problem(error: unknown): void;
}

/** Reads both feeds from the database as others change them. */
export class FeedFollower {
  readonly #parts: FeedFollowerParts;
  #routesVersion: number;
  #callersVersion: number;
  #cancelPoll: () => void = () => undefined;
  #polling: Promise<void> = Promise.resolve();
  #closed = false;
  #isTold = false;
  /** Monotonic time at which the database last confirmed both feeds; undefined: never yet. */
  confirmedAt: number | undefined;

  constructor(parts: FeedFollowerParts) {
    this.#parts = parts;
    this.#routesVersion = parts.since.routes;
    this.#callersVersion = parts.since.callers;
  }

  /** Resolves once it has looked for the first time, whether or not the database answered; from then on it looks five times a second. */
  start(): Promise<void> {
    return (this.#polling = this.#look().then(() => {
      if (!this.#closed) this.#cancelPoll = this.#parts.clock.timer(POLL_MS, () => void this.start());
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPoll();
    await this.#polling;
  }

  async #look(): Promise<void> {
    const { clock, problem, changed } = this.#parts;
    try {
      const callers = await this.#lookForCallers();
      const routes = await this.#lookForRoutes();
      this.confirmedAt = clock.monotonic();
      this.#isTold = false;
      if (callers || routes) changed?.();
    } catch (error) {
      // Once: it is tried again five times a second.
      if (!this.#isTold) problem(error);
      this.#isTold = true;
    }
  }

  async #lookForCallers(): Promise<boolean> {
    for (let changed = false; ; changed = true) {
      const rows = await readCallersFeed(this.#parts.db, this.#callersVersion, CALLERS_PAGE);
      for (const row of rows) this.#parts.takeCaller(row);
      this.#callersVersion = rows.at(-1)?.version ?? this.#callersVersion;
      if (rows.length < CALLERS_PAGE) return changed || rows.length > 0;
    }
  }

  async #lookForRoutes(): Promise<boolean> {
    const newer = await readRoutesFeed(this.#parts.db, this.#routesVersion);
    if (!newer) return false;
    this.#routesVersion = newer.version;
    this.#parts.takeRoutes(newer);
    return true;
  }
}
