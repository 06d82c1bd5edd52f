import type { Clock } from '../../base/clock.ts';
import type { Db } from '../../db/open.ts';
import { inProgress, replaysUnavailable } from './errors.ts';
import { type Answer, type CallOfKey, type Claim, isOver, KEPT_MS, repeatOf } from './model.ts';
import type { Charges } from './ports.ts';
import * as store from './store.ts';

const SWEEP_EVERY_MS = 60_000;
/** Endings that the database did not take and that are tried again; beyond, they are decided at the next start. */
const UNWRITTEN_MAX = 1_000;
/** A key that is let go between two looks is tried anew, so often. */
const TRIES_MAX = 3;

export interface ReplaysParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly charges: Charges;
  /** A call waits so long for its claim, milliseconds. */
  readonly waitMs: number;
  /** Whose calls these are, and which start of it. */
  readonly gateway?: string;
  readonly epoch?: number;
  problem(error: unknown): void;
}

/** What keys' first calls were answered. The request path asks when a call begins, and waits for the row before its answer's last byte. */
export class Replays {
  readonly #parts: ReplaysParts;
  readonly #owner: store.Owner;
  /** Calls that run in this process, by request id: all others of this gateway are a former one's. */
  readonly #running = new Set<string>();
  readonly #unwritten = new Map<string, () => Promise<void>>();
  #mayRecover = false;
  #tick: Promise<void> = Promise.resolve();
  #cancel: (() => void) | undefined;

  constructor(parts: ReplaysParts) {
    this.#parts = parts;
    this.#owner = { gateway: parts.gateway ?? 'main', epoch: parts.epoch ?? 1 };
  }

  /** Takes a key for a call. Returns the first call's answer where there is one. @throws Fault where the call is neither the first nor to be answered */
  async claim(claim: Claim): Promise<Answer | undefined> {
    const { db, clock } = this.#parts;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const now = clock.now();
      // Before the row is there: recovery leaves those alone that run here.
      this.#running.add(claim.requestId);
      const first = await this.#inTime(this.#insertOrFind(claim, now)).catch((error: unknown) => {
        this.#running.delete(claim.requestId);
        // The database may have taken the row nevertheless.
        this.#tryLater(claim, () => store.release(db, claim));
        throw replaysUnavailable(error);
      });
      if (first === 'inserted') return undefined;
      this.#running.delete(claim.requestId);
      if (first && !isOver(first, now)) return repeatOf(first, claim.bodyHash);
      if (first) await store.removeBefore(db, now - KEPT_MS);
    }
    throw inProgress();
  }

  /** Resolves once the answer is stored; `undefined`: it is too large. Never rejects: what the database does not take becomes `lost`, and no repeat runs. */
  keep(claim: Claim, answer: Answer | undefined): Promise<void> {
    const { db } = this.#parts;
    return this.#end(
      claim,
      () => store.keep(db, claim, answer),
      () => store.lose(db, claim),
    );
  }

  /** The call has cost something, and there is no answer to be had again. Never rejects. */
  lose(claim: Claim): Promise<void> {
    const lose = () => store.lose(this.#parts.db, claim);
    return this.#end(claim, lose, lose);
  }

  /** Nothing was charged for: the key's next call runs. Never rejects. */
  release(claim: Claim): Promise<void> {
    const release = () => store.release(this.#parts.db, claim);
    return this.#end(claim, release, release);
  }

  start(): void {
    this.#cancel = this.#parts.clock.timer(SWEEP_EVERY_MS, () => {
      void this.#next(() => this.#sweep());
      this.start();
    });
  }

  /** Decides what former processes of this gateway left running. To be called when all that they recorded is in the database. */
  recover(): Promise<void> {
    this.#mayRecover = true;
    return this.#next(() => this.#recover());
  }

  async close(): Promise<void> {
    this.#cancel?.();
    this.#mayRecover = false;
    await this.#tick;
  }

  /** One thing after the other; a failure is told, and tried again with the next sweep. */
  #next(work: () => Promise<void>): Promise<void> {
    this.#tick = this.#tick.then(work).catch((error: unknown) => this.#parts.problem(error));
    return this.#tick;
  }

  /** What the database says, if it says it in time: the path waits for no database that is away. */
  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, waitMs } = this.#parts;
    return new Promise((resolve, reject) => {
      const cancel = clock.timer(waitMs, () => reject(new Error(`the database has not answered within ${waitMs} ms`)));
      work.then(resolve, reject).finally(cancel);
    });
  }

  async #insertOrFind(claim: Claim, now: number) {
    const { db } = this.#parts;
    return (await store.insert(db, claim, { ...this.#owner, now })) ? 'inserted' : store.find(db, claim);
  }

  async #end({ requestId }: CallOfKey, write: () => Promise<void>, later: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#parts.problem(error);
      this.#tryLater({ requestId }, later);
    } finally {
      this.#running.delete(requestId);
    }
  }

  #tryLater({ requestId }: Pick<CallOfKey, 'requestId'>, write: () => Promise<void>): void {
    if (this.#unwritten.size < UNWRITTEN_MAX) this.#unwritten.set(requestId, write);
  }

  async #sweep(): Promise<void> {
    const { db, clock } = this.#parts;
    for (const [requestId, write] of this.#unwritten) {
      await write();
      this.#unwritten.delete(requestId);
    }
    await store.removeBefore(db, clock.now() - KEPT_MS);
    await this.#recover();
  }

  async #recover(): Promise<void> {
    if (!this.#mayRecover) return;
    const { db, charges } = this.#parts;
    const left = (await store.listRunning(db, this.#owner.gateway)).filter(({ requestId }) => !this.#running.has(requestId) && !this.#unwritten.has(requestId));
    const charged = await charges.charged(left.map(({ requestId }) => requestId));
    for (const call of left) await (charged.has(call.requestId) ? store.lose(db, call) : store.release(db, call));
    this.#mayRecover = false;
  }
}
