import { setTimeout as sleep } from 'node:timers/promises';

/** The only source of time. Tests pass a clock of their own (`tests/fake-clock.ts`) and drive it. */
export interface Clock {
  /** Wall time, milliseconds since 1970. May step. For records and expiry dates. */
  now(): number;
  /** Milliseconds that never go back. For durations, deadlines and time-to-live. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that comes first. Does not keep the process alive. */
  after(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after `ms`; returns how to call it off. Does not keep the process alive. */
  timer(ms: number, callback: () => void): () => void;
}

/** For a program that has nothing to do but wait: unlike the clock's own waits, this one keeps the process alive. */
export function foregroundWait(ms: number): Promise<void> {
  return sleep(ms);
}

/** Keeps the process alive until the returned function is called: for an ending whose waits do not. */
export function holdProcess(): () => void {
  const handle = setInterval(() => undefined, TIMER_MS_MAX);
  return () => clearInterval(handle);
}

/** Node's timers fire at once above this; longer waits are cut to it. */
const TIMER_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, signal) => sleep(Math.min(ms, TIMER_MS_MAX), undefined, { ref: false, ...(signal && { signal }) }),
  timer(ms, callback) {
    const handle = setTimeout(callback, Math.min(ms, TIMER_MS_MAX));
    handle.unref();
    return () => clearTimeout(handle);
  },
};
