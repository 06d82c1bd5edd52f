import type { Clock } from '../../base/clock.ts';

/** Does something a while after it was asked for, once for all who asked meanwhile. */
export class Later {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #work: () => Promise<void>;
  readonly #problem: (error: unknown) => void;
  #cancel: (() => void) | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(clock: Clock, afterMs: number, work: () => Promise<void>, problem: (error: unknown) => void) {
    this.#clock = clock;
    this.#afterMs = afterMs;
    this.#work = work;
    this.#problem = problem;
  }

  soon(): void {
    this.#cancel ??= this.#clock.timer(this.#afterMs, () => {
      this.#cancel = undefined;
      this.#working = this.#working.then(this.#work).catch(this.#problem);
    });
  }

  /** Does at once what was asked for and not done yet. */
  async close(): Promise<void> {
    if (this.#cancel) {
      this.#cancel();
      this.#cancel = undefined;
      this.#working = this.#working.then(this.#work).catch(this.#problem);
    }
    await this.#working;
  }
}
