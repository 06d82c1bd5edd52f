import type { Room } from './place.ts';
import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas } from './world.ts';

/** A call that has waited for so long may send away a replica that is being called: it ends the calls it runs first. */
const PATIENCE_MS = 2_000;
/** A replica that has just been loaded serves at least for so long before it is sent away, so that two models never only swap places. */
const RESIDENCE_MS = 1_000;

export interface Evictable {
  readonly replica: RunningReplica;
  readonly revision: WantedReplicas | undefined;
  readonly load: Load;
}

/**
 * Which replicas to send away so that `wanted` fits on some node: on each node the cheapest to lose first, and the node where that
 * costs least. Cheap is what loads fast and was not called for long: load time over idle time, the greedy-dual rule without sizes.
 * Empty: nothing may go yet, or what is ending already will do.
 */
export function victimsFor(need: Need, rooms: Iterable<Room>, candidates: (node: string) => readonly Evictable[]): readonly Evictable[] {
  const { wanted } = need;
  let best: Loss | undefined;
  for (const room of rooms) {
    if (room.node.memoryBytes < wanted.memoryBytes || room.node.threads < wanted.threads) continue;
    if (room.free + room.freeing >= wanted.memoryBytes) return [];
    const found = lossOn(room, need, candidates(room.node.id));
    if (found && (!best || found.cost < best.cost)) best = found;
  }
  return best?.victims ?? [];
}

/** A replica that a call waits for. */
export interface Need {
  readonly wanted: WantedReplicas;
  readonly waitedMs: number;
  readonly now: number;
}

interface Loss {
  readonly victims: readonly Evictable[];
  readonly cost: number;
}

function lossOn({ free, freeing }: Room, need: Need, candidates: readonly Evictable[]): Loss | undefined {
  const cheapest = candidates
    .filter((candidate) => mayGo(candidate, need))
    .map((candidate) => ({ candidate, cost: costOf(candidate, need.now) }))
    .toSorted((a, b) => a.cost - b.cost);
  const victims: Evictable[] = [];
  let room = free + freeing;
  let cost = 0;
  for (const { candidate, cost: one } of cheapest) {
    if (room >= need.wanted.memoryBytes) break;
    victims.push(candidate);
    room += candidate.replica.memoryBytes;
    cost += one;
  }
  return room >= need.wanted.memoryBytes ? { victims, cost } : undefined;
}

function mayGo({ replica, revision, load }: Evictable, { wanted, waitedMs, now }: Need): boolean {
  if (replica.state !== 'ready' || replica.revision === wanted.id) return false;
  if (revision && revision.priority > wanted.priority) return false;
  if (now - replica.since < RESIDENCE_MS) return false;
  return waitedMs >= PATIENCE_MS || load.running + load.waiting === 0;
}

function costOf({ replica, revision, load }: Evictable, now: number): number {
  const idleMs = now - Math.max(load.lastCallAt ?? replica.since, replica.since);
  const busy = load.running + load.waiting;
  return ((revision?.loadMs ?? 0) * (1 + busy)) / (idleMs + 1_000);
}

export function loadOf(loads: ReadonlyMap<string, Load>, revision: string): Load {
  return loads.get(revision) ?? NO_LOAD;
}
