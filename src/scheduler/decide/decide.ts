import { backoffMs } from '../../base/backoff.ts';

/**
 * What should be done now, as a pure function of what is wanted and what is there. `reconcile` carries it out, and so will
 * the simulator. Times are monotonic milliseconds.
 */
export interface World {
  readonly desired: readonly { readonly id: string; readonly replicas: number }[];
  readonly replicas: readonly { readonly id: string; readonly revision: string; readonly state: 'starting' | 'ready' | 'stopping' }[];
  /** When each revision's engines ended unasked, newest last; only the last `CRASHES_KEPT` matter. */
  readonly crashes: ReadonlyMap<string, readonly number[]>;
}

export type Action = { readonly type: 'start'; readonly revision: string } | { readonly type: 'stop'; readonly replica: string };

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

export function decide(world: World, now: number): Action[] {
  const wanted = new Map(world.desired.map(({ id, replicas }) => [id, replicas]));
  const actions: Action[] = [];
  const counts = new Map<string, number>();
  for (const { id, revision, state } of world.replicas) {
    if (state === 'stopping') continue;
    const count = (counts.get(revision) ?? 0) + 1;
    if (count > (wanted.get(revision) ?? 0)) actions.push({ type: 'stop', replica: id });
    else counts.set(revision, count);
  }
  for (const [revision, replicas] of wanted) {
    if (now < retryAt(world.crashes.get(revision) ?? [], now)) continue;
    for (let count = counts.get(revision) ?? 0; count < replicas; count++) actions.push({ type: 'start', revision });
  }
  return actions;
}
