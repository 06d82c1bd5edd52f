import type { Clock } from '../../base/clock.ts';
import type { ReplicaRoute, RevisionRoute } from '../../contract/feeds.ts';
import type { Upstream } from './upstream.ts';

/** Failures in a row after which a replica is sent nothing for a while. */
const FAILURES_MAX = 5;
/** The first time so long, then twice, three times … as long. Envoy's outlier detection has the same. */
const EJECTED_MS = 30_000;
const EJECTED_MS_MAX = 300_000;

/** What an attempt says of the replica that had it. */
export type Outcome = 'served' | 'failed' | { readonly retryAfterMs: number };

/** What a lane leads to. */
export interface LaneOf {
  readonly replica: ReplicaRoute;
  readonly revision: RevisionRoute;
}

/** A replica as the queue sees it: how many of its slots are taken by this gateway, and whether it is to be asked at all. */
export class Lane {
  readonly replica: ReplicaRoute;
  readonly revision: RevisionRoute;
  readonly upstream: Upstream;
  readonly #clock: Clock;
  /** Told when it may be asked again. */
  readonly #back: () => void;
  busy = 0;
  /** A call has it for itself. */
  isTaken = false;
  /** How often a call came to others that were running: who ran alone from begin to end has seen none. */
  meetings = 0;
  /** Nothing is sent until then, monotonic milliseconds; undefined: it is asked. */
  restsUntil: number | undefined;
  /** After an ejection one call is let through; how that ends decides. */
  #isOnProbation = false;
  #failures = 0;
  #ejections = 0;

  constructor({ replica, revision, upstream }: LaneOf & { readonly upstream: Upstream }, clock: Clock, back: () => void) {
    this.replica = replica;
    this.revision = revision;
    this.upstream = upstream;
    this.#clock = clock;
    this.#back = back;
  }

  /** Slots that a call could have. A replica on probation takes one call at a time, and before all others: it is to be known soon. */
  get free(): number {
    if (this.restsUntil !== undefined || this.isTaken) return 0;
    if (this.#isOnProbation) return this.busy === 0 ? Number.POSITIVE_INFINITY : 0;
    return this.replica.slots - this.busy;
  }

  /** Takes note of how an attempt ended. `mayEject`: whether enough others are left. */
  report(outcome: Outcome, mayEject: () => boolean): void {
    if (outcome === 'served') {
      this.#failures = 0;
      if (this.#isOnProbation) this.#ejections = 0;
      this.#isOnProbation = false;
      return;
    }
    if (outcome !== 'failed') return this.#rest(Math.min(outcome.retryAfterMs, EJECTED_MS_MAX));
    this.#failures++;
    const isOut = this.#isOnProbation || this.#failures >= FAILURES_MAX;
    if (!isOut || this.restsUntil !== undefined || !mayEject()) return;
    this.#ejections++;
    this.#failures = 0;
    this.#isOnProbation = true;
    this.#rest(Math.min(EJECTED_MS * this.#ejections, EJECTED_MS_MAX));
  }

  #rest(ms: number): void {
    const until = this.#clock.monotonic() + ms;
    this.restsUntil = until;
    this.#clock.timer(ms, () => {
      if (this.restsUntil !== until) return;
      this.restsUntil = undefined;
      this.#back();
    });
  }
}
