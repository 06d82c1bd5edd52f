import type { Load } from './decide/world.ts';

/** Seconds over which concurrency is averaged: the stable and the panic window. Source: Knative's autoscaler. */
const STABLE_SAMPLES = 60;
const PANIC_SAMPLES = 6;

/** What the gateways say of one revision now. */
export interface LoadReport {
  readonly revision: string;
  readonly waiting: number;
  readonly running: number;
  readonly waitingSince: number | undefined;
  readonly lastCallAt: number | undefined;
}

/**
 * One revision's load over the last minute, kept up to date in place: a sample and both means cost the same however long the windows
 * are, so that ten thousand deployments can be looked at often. Means are over the whole window: what has just come was not called before.
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

  /** Takes what is known now; the means do not move. */
  see({ waiting, running, waitingSince, lastCallAt }: LoadReport): void {
    this.waiting = waiting;
    this.running = running;
    this.waitingSince = waitingSince;
    if (lastCallAt !== undefined) this.lastCallAt = Math.max(lastCallAt, this.lastCallAt ?? lastCallAt);
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
