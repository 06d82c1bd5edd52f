/** Exponential backoff without jitter: `baseMs`, twice that, …, at most `maxMs`. `attempt` counts from 0. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}
