import type { Clock } from '../../base/clock.ts';
import { type CallerRow, readCallersFeed, readFeedGeneration, readRoutesFeed, type RoutesRow } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';

/** A revoked key is refused, and a replica that stops is left, within so long and the time of two queries. */
const POLL_MS = 200;
const CALLERS_PAGE = 5_000;

export interface FeedFollowerParts {
  readonly db: Db;
  readonly clock: Clock;
  /** What the reader has already. */
  readonly since: FeedVersions;
  /** All callers come anew from now on: those that do not come are no more, once `renewed` is called. */
  renewing?(): void;
  renewed?(generation: string): void;
  takeRoutes(row: RoutesRow): void;
  takeCaller(row: CallerRow): void;
  /** Something was taken. */
  changed?(): void;
  /** Both feeds are what the database says. */
  confirmed?(): void;
  problem(error: unknown): void;
}

/** What a reader has of the feeds. Versions of another generation mean nothing. */
export interface FeedVersions {
  readonly generation: string;
  readonly routes: number;
  readonly callers: number;
}

/** Reads both feeds from the database as others change them. */
export class FeedFollower {
  readonly #parts: FeedFollowerParts;
  #generation: string;
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
    this.#generation = parts.since.generation;
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
    const { clock, problem, changed, confirmed } = this.#parts;
    try {
      const isNew = await this.#lookForGeneration();
      const callers = await this.#lookForCallers();
      if (isNew !== undefined) this.#parts.renewed?.(isNew);
      const routes = await this.#lookForRoutes();
      this.#generation = isNew ?? this.#generation;
      this.confirmedAt = clock.monotonic();
      this.#isTold = false;
      if (callers || routes || isNew !== undefined) changed?.();
      confirmed?.();
    } catch (error) {
      // Once: it is tried again five times a second.
      if (!this.#isTold) problem(error);
      this.#isTold = true;
    }
  }

  /** The generation, if it is another: then all is read from the beginning. */
  async #lookForGeneration(): Promise<string | undefined> {
    const generation = await readFeedGeneration(this.#parts.db);
    if (generation === this.#generation) return undefined;
    this.#callersVersion = 0;
    this.#routesVersion = 0;
    this.#parts.renewing?.();
    return generation;
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
