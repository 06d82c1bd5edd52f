import type { Clock } from '../base/clock.ts';

/** Renewed so many times in a lease's time. */
const RENEWALS = 3;

export interface LeadershipParts {
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Takes or renews the lease. Resolves with its epoch; undefined: another has it. */
  take(epoch: number | undefined, ttlMs: number): Promise<number | undefined>;
  /** It has come to this server. */
  gained(): void;
  /** Another has it, or has had it meanwhile. */
  lost(): void;
  problem(error: unknown): void;
}

/**
 * Whether this server is the one that decides (S35). It trusts its own monotonic clock more than the database: with a lease that it could
 * not renew in time it decides nothing, also when the process was asleep and nobody has told it, until it knows that nobody else had it.
 */
export class Leadership {
  readonly #parts: LeadershipParts;
  #epoch: number | undefined;
  #validUntil = 0;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  /** The epoch that this server leads in; undefined: it does not, or can't know. */
  get epoch(): number | undefined {
    return this.#parts.clock.monotonic() < this.#validUntil ? this.#epoch : undefined;
  }

  /** Asks for the lease now, and from then on keeps it or waits for it. */
  async start(): Promise<void> {
    const { clock, ttlMs } = this.#parts;
    await this.#renew();
    if (!this.#closed) this.#cancel = clock.timer(ttlMs / RENEWALS, () => void this.start());
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #renew(): Promise<void> {
    const { clock, ttlMs, take, gained, lost, problem } = this.#parts;
    const before = this.#epoch;
    try {
      const asked = clock.monotonic();
      const epoch = await take(before, ttlMs);
      this.#epoch = epoch;
      this.#validUntil = epoch === undefined ? 0 : asked + ttlMs;
      if (before !== undefined && epoch !== before) lost();
      if (epoch !== undefined && epoch !== before) gained();
    } catch (error) {
      problem(error);
    }
  }
}
