import type { Clock } from '../src/base/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. Timers fire in order, each at its own time. */
export class FakeClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z');
  #monotonic = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  timer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#monotonic + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  after(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.timer(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }

  /** Lets `ms` pass; between two timers what they set off gets its turn. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#move(Math.max(next.at, this.#monotonic));
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#move(until);
  }

  /** Time passes while nothing runs, as when a process is stopped; what was due meanwhile comes after, once each. */
  async sleep(ms: number): Promise<void> {
    this.#move(this.#monotonic + ms);
    await this.advance(0);
  }

  /** The wall clock steps, as after a correction; monotonic time does not. */
  step(ms: number): void {
    this.#now += ms;
  }

  #move(to: number): void {
    this.#now += to - this.#monotonic;
    this.#monotonic = to;
  }
}
