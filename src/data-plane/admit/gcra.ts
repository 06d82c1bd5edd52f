/**
 * Generic cell rate algorithm: a rate of `limit` units a minute that may come all at once, refilled evenly.
 * Times are monotonic milliseconds. Source: ITU-T I.371, virtual scheduling form.
 */
const WINDOW_MS = 60_000;

export class RateLimit {
  readonly limit: number;
  readonly limitText: string;
  /** Theoretical arrival time: when the bucket would be full again. */
  #fullAt = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.limitText = String(limit);
  }

  /** Takes `units`, or says how long to wait. More than the whole limit counts as the whole: such a call may go, alone. */
  take(units: number, now: number): { readonly ok: boolean; readonly waitMs: number } {
    const cost = (Math.min(units, this.limit) * WINDOW_MS) / this.limit;
    const fullAt = Math.max(this.#fullAt, now) + cost;
    const waitMs = fullAt - now - WINDOW_MS;
    // A hair over is rounding, not excess.
    if (waitMs > 1e-6) return { ok: false, waitMs };
    this.#fullAt = fullAt;
    return { ok: true, waitMs: 0 };
  }

  /** Corrects an earlier hold: `held` units were taken, `used` were needed (M42). */
  correct(held: number, used: number): void {
    this.#fullAt += ((used - Math.min(held, this.limit)) * WINDOW_MS) / this.limit;
  }

  remaining(now: number): number {
    const backlogMs = Math.max(0, this.#fullAt - now);
    return Math.max(0, Math.floor(((WINDOW_MS - backlogMs) * this.limit) / WINDOW_MS + 1e-9));
  }

  /** Milliseconds until all of the limit is there again. */
  resetMs(now: number): number {
    return Math.max(0, this.#fullAt - now);
  }
}
