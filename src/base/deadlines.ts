import type { Clock } from './clock.ts';

/** Something that ends at a time of the monotonic clock. */
export interface Timed {
  readonly deadline: number;
  /** Its place among the others; kept by `Deadlines`, -1 while it is not there. */
  place: number;
  expire(): void;
}

/**
 * Many deadlines on one timer. Nearly all are called off before they come, so calling off costs no more than a deletion: the
 * timer stays as it is and looks again when it fires. (A timer of its own per call, kept from holding the process, costs four hops into
 * the runtime.)
 * A list and not a Set: a Set that comes and goes leaves tables behind which, once old, keep whatever stood in them
 * alive until the next full garbage collection; that cost a tenth of a call's CPU.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #timed: Timed[] = [];
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(timed: Timed): void {
    timed.place = this.#timed.push(timed) - 1;
    if (timed.deadline < this.#armedFor) this.#arm(timed.deadline);
  }

  delete(timed: Timed): void {
    const last = this.#timed.at(-1);
    if (timed.place < 0 || !last) return;
    this.#timed[timed.place] = last;
    last.place = timed.place;
    this.#timed.pop();
    timed.place = -1;
  }

  #arm(at: number): void {
    this.#disarm();
    this.#armedFor = at;
    this.#disarm = this.#clock.timer(Math.max(0, at - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.monotonic();
    const due: Timed[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const timed of this.#timed) {
      if (timed.deadline <= now) due.push(timed);
      else earliest = Math.min(earliest, timed.deadline);
    }
    this.#armedFor = Number.POSITIVE_INFINITY;
    for (const timed of due) this.delete(timed);
    if (earliest < Number.POSITIVE_INFINITY) this.#arm(earliest);
    for (const timed of due) timed.expire();
  }
}
