import { backoffMs } from '../../base/backoff.ts';

const BACKOFF_BASE_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
const DEGRADED_CRASHES = 5;
const DEGRADED_WINDOW_MS = 300_000;
export const CRASHES_KEPT = 16;

/** Crashes that follow each other within the window; one good stretch of that length wipes the slate. */
function recent(crashes: readonly number[], now: number): readonly number[] {
  return crashes.filter((at) => now - at < DEGRADED_WINDOW_MS);
}

/** A crash loop: five ends within five minutes (S17). It is still retried, once a minute. */
export function isDegraded(crashes: readonly number[], now: number): boolean {
  return recent(crashes, now).length >= DEGRADED_CRASHES;
}

/** When a revision whose engines crashed may start again: 1, 2, 4 … 60 s after the last crash. */
export function retryAt(crashes: readonly number[], now: number): number {
  const loop = recent(crashes, now);
  const last = loop.at(-1);
  return last === undefined ? now : last + backoffMs(loop.length - 1, BACKOFF_BASE_MS, BACKOFF_MAX_MS);
}
