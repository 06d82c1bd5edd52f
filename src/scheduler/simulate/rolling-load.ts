import type { Load } from '../decide/world.ts';

const STABLE_SAMPLES = 60;
const PANIC_SAMPLES = 6;

/**
 * What `LoadWindow` says of a revision, kept up to date in place: a sample and both means cost the same however long the windows are,
 * so that ten thousand deployments can be looked at often.
 */
export class RollingLoad implements Load {
  readonly #samples = new Uint32Array(STABLE_SAMPLES);
  #taken = 0;
  #stableSum = 0;
  #panicSum = 0;
  waiting = 0;
  running = 0;
  waitingSince: number | undefined;
  lastCallAt: number | undefined;

  get stableConcurrency(): number {
    return this.#stableSum / STABLE_SAMPLES;
  }

  get panicConcurrency(): number {
    return this.#panicSum / PANIC_SAMPLES;
  }

  /** Once a second. */
  sample(now: number): void {
    if (this.running > 0) this.lastCallAt = now;
    const value = this.waiting + this.running;
    const index = this.#taken % STABLE_SAMPLES;
    this.#stableSum += value - (this.#samples[index] ?? 0);
    this.#panicSum += value - (this.#samples[(index + STABLE_SAMPLES - PANIC_SAMPLES) % STABLE_SAMPLES] ?? 0);
    this.#samples[index] = value;
    this.#taken++;
  }
}
