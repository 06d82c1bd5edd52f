import { DurationHistogram } from '../../telemetry/histogram.ts';
import { RetryBudget } from './retry-budget.ts';

/** Of all calls, so many may be sent a second time. */
const SHARE = 0.05;
/** Nothing is known of what is slow before so many calls. */
const CALLS_MIN = 100;
/** The newest so many calls say what is slow, and as many before them. */
const WINDOW_CALLS = 1_000;
const SLOW = 0.95;

/** When a call of a deployment is so slow that it is worth sending it to a second replica. Source: hedged requests, Dean and Barroso, The Tail at Scale. */
export class HedgePolicy {
  readonly #budget = new RetryBudget(SHARE, 1);
  #recent = new DurationHistogram();
  #before = new DurationHistogram();

  /** A call was served in so long. */
  observe(ms: number): void {
    if (this.#recent.count >= WINDOW_CALLS) {
      this.#before = this.#recent;
      this.#recent = new DurationHistogram();
    }
    this.#recent.observe(ms / 1_000);
    this.#budget.deposit();
  }

  /** The 95th percentile of the calls so far, milliseconds; undefined: too few. */
  get afterMs(): number | undefined {
    if (this.#recent.count + this.#before.count < CALLS_MIN) return undefined;
    const both = new DurationHistogram();
    both.merge(this.#recent);
    both.merge(this.#before);
    return both.quantile(SLOW) * 1_000;
  }

  /** Whether the budget allows one more; it is then spent. */
  withdraw(): boolean {
    return this.#budget.withdraw();
  }
}
