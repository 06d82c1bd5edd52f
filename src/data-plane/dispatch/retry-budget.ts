/** Share of a deployment's calls that may be tried again, so that retries never become the load (S6). */
const SHARE = 0.2;
/** What a quiet deployment may spend at once. */
const RESERVE = 10;

/** A bucket that every first attempt fills a little and every retry empties by one. Source: Finagle's retry budget. */
export class RetryBudget {
  readonly #share: number;
  readonly #reserve: number;
  #left: number;

  constructor(share = SHARE, reserve = RESERVE) {
    this.#share = share;
    this.#reserve = reserve;
    this.#left = reserve;
  }

  /** A call's first attempt. */
  deposit(): void {
    this.#left = Math.min(this.#reserve, this.#left + this.#share);
  }

  /** Whether nothing was spent lately: all is well. */
  get isFull(): boolean {
    return this.#left >= this.#reserve / 2;
  }

  /** Whether one more attempt may be made; it is then spent. */
  withdraw(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
