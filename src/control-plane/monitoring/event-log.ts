import type { Clock } from '../../base/clock.ts';
import { type Db, transact } from '../../db/open.ts';
import type { ReplicaEvent } from './model.ts';
import { deleteUpTo, insertEvents, lastSeq } from './store.ts';

/** Events are written together when they come together. */
const GATHER_MS = 100;
const EVENTS_MAX = 100_000;
/** The oldest are taken away so many at a time. */
const TRIM_EVERY = 1_000;
/** While the database is away; what comes beyond is dropped, the oldest first. */
const WAITING_MAX = 10_000;

export interface EventLogOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

/** Keeps what happened, behind those whom it happens to. Several processes write one sequence. */
export class EventLog {
  readonly #options: EventLogOptions;
  #waiting: Omit<ReplicaEvent, 'seq'>[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  record(event: Omit<ReplicaEvent, 'seq' | 'at'>): void {
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift();
    this.#waiting.push({ ...event, at: this.#options.clock.now() });
    this.#writing ??= this.#writeSoon();
  }

  /** Writes what has been recorded. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#write().catch((error: unknown) => this.#options.problem(error));
  }

  async #writeSoon(): Promise<void> {
    await this.#options.clock.after(GATHER_MS);
    try {
      await this.#write();
    } catch (error) {
      this.#options.problem(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    const { first, last } = await transact(this.#options.db, async (tx) => {
      const from = (await lastSeq(tx)) + 1;
      await insertEvents(
        tx,
        batch.map((event, index) => ({ ...event, seq: from + index })),
      );
      return { first: from, last: from + batch.length - 1 };
    });
    this.#waiting = this.#waiting.slice(batch.length);
    if (Math.floor(last / TRIM_EVERY) !== Math.floor((first - 1) / TRIM_EVERY)) await deleteUpTo(this.#options.db, last - EVENTS_MAX);
  }
}
