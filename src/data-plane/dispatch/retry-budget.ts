/** Share of a deployment's calls that may be tried again, so that retries never become the load (S6). */
const SHARE = 0.2;
/** What a quiet deployment may spend at once. */
const RESERVE = 10;

/** A bucket that every first attempt fills a little and every retry empties by one. Source: Finagle's retry budget. */
export class RetryBudget {
  #left = RESERVE;

  /** A call's first attempt. */
  deposit(): void {
    this.#left = Math.min(RESERVE, this.#left + SHARE);
  }

  /** Whether one more attempt may be made; it is then spent. */
  withdraw(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
