import { backoffMs } from '../../base/backoff.ts';

const BACKOFF_BASE_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
const DEGRADED_CRASHES = 5;
const DEGRADED_WINDOW_MS = 300_000;
/** An engine that has served for so long is no part of a loop: what ended it may have come from outside. */
const SERVED_MS = 10_000;
export const CRASHES_KEPT = 16;

/** An engine's end that nobody asked for. */
export interface Crash {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** How long it had been ready; 0: it never was. */
  readonly servedMs: number;
}

/** Crashes within the window; one good stretch of that length wipes the slate. */
function recent(crashes: readonly Crash[], now: number): readonly Crash[] {
  return crashes.filter(({ at }) => now - at < DEGRADED_WINDOW_MS);
}

/** A crash loop: five ends within five minutes (S17). It is still retried, once a minute at most when its engines end at once. */
export function isDegraded(crashes: readonly Crash[], now: number): boolean {
  return recent(crashes, now).length >= DEGRADED_CRASHES;
}

/** When a revision whose engines crashed may start again: 1, 2, 4 … 60 s after the last crash, by how many in a row ended soon. */
export function retryAt(crashes: readonly Crash[], now: number): number {
  const all = recent(crashes, now);
  const last = all.at(-1);
  if (!last) return now;
  const lastGood = all.findLastIndex(({ servedMs }) => servedMs >= SERVED_MS);
  const inARow = all.length - 1 - lastGood;
  return last.at + backoffMs(Math.max(0, inARow - 1), BACKOFF_BASE_MS, BACKOFF_MAX_MS);
}
