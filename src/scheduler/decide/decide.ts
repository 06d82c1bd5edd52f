import { retryAt } from './crashes.ts';
import { type Evictables, evictablesOf, loadOf, victimsFor } from './evict.ts';
import { placeOn, type Room, roomsOf, take } from './place.ts';
import { rollOut } from './rollout.ts';
import { targetOf } from './scale.ts';
import type { Action, Policy, RunningReplica, WantedReplicas, World } from './world.ts';

/** One replica that should be there and isn't. */
interface Missing {
  readonly revision: WantedReplicas;
  readonly reason: string;
  /** How long its oldest call has waited; undefined: nobody waits, it is only to be kept ready. */
  readonly waitedMs: number | undefined;
  /** A replica that is to be drained anyway: it goes first where there is no room for both. */
  readonly makesWay: RunningReplica | undefined;
}

/**
 * What should be done now, as a pure function of what is wanted and what is there: move rollouts on, stop what is too much, then start what
 * is missing, those first for whom calls wait, each where its memory fits; for a call that waits, others are sent away. A replica that nobody
 * waits for never sends another away, so that models for which there is no room are loaded when they are called.
 */
export function decide(world: World, now: number): Action[] {
  const byRevision = Map.groupBy(world.replicas, ({ revision }) => revision);
  const wanted = new Map(world.revisions.map((revision) => [revision.id, revision]));
  const rooms = roomsOf(world.nodes, world.replicas, (id) => wanted.get(id)?.threads ?? 0);
  const actions: Action[] = rollOut(world, now);
  const leaving = new Set<string>();
  const stop = (replica: RunningReplica, reason: string) => {
    actions.push({ type: 'stop', replica: replica.id, reason });
    leaving.add(replica.id);
    const room = rooms.get(replica.node);
    if (room) room.freeing += replica.memoryBytes;
  };
  for (const [id, replicas] of byRevision) {
    if (!wanted.has(id)) for (const replica of replicas) if (replica.state !== 'stopping') stop(replica, 'it is wanted no more');
  }
  const missing: Missing[] = [];
  for (const revision of world.revisions) {
    const replicas = byRevision.get(revision.id) ?? [];
    const { there, retiring } = standing(replicas);
    const load = loadOf(world.load, revision.id);
    const target = targetOf(revision, replicas, load, now);
    for (const replica of surplus(there, target.replicas)) stop(replica, target.reason());
    const isReplaced = there.filter(({ state }) => state === 'ready').length >= target.replicas;
    if (isReplaced) for (const replica of retiring) stop(replica, 'drained');
    if (there.length >= target.replicas || now < retryAt(world.crashes.get(revision.id) ?? [], now)) continue;
    // A call that waits while nothing serves it is what memory is taken from others for; more replicas beside one that serves are not.
    const waits = (load.waiting > 0 || revision.urgentSince !== undefined) && there.length + retiring.length === 0;
    const waitedMs = waits ? now - (load.waitingSince ?? revision.urgentSince ?? now) : undefined;
    const [oldest] = there.some(({ state }) => state === 'starting') ? [] : retiring;
    for (let count = there.length; count < target.replicas; count++)
      missing.push({
        revision,
        reason: load.waiting > 0 && waits ? 'a call waits' : target.reason(),
        waitedMs: count === 0 ? waitedMs : undefined,
        makesWay: count === there.length ? oldest : undefined,
      });
  }
  start(missing, { world, rooms, wanted, leaving, now, stop, actions });
  return actions;
}

interface Starting {
  readonly world: World;
  readonly rooms: ReadonlyMap<string, Room>;
  readonly wanted: ReadonlyMap<string, WantedReplicas>;
  readonly leaving: ReadonlySet<string>;
  readonly now: number;
  stop(replica: RunningReplica, reason: string): void;
  readonly actions: Action[];
}

function start(missing: readonly Missing[], { world, rooms, wanted, leaving, now, stop, actions }: Starting): void {
  let evictables: Evictables | undefined;
  for (const { revision, reason, waitedMs, makesWay } of missing.toSorted(byUrgency)) {
    const room = placeOn(rooms.values(), revision);
    if (room) {
      take(room, revision);
      actions.push({ type: 'start', revision: revision.id, node: room.node.id, reason });
    } else if (makesWay) {
      stop(makesWay, 'drained: there is no room for another beside it');
    } else if (waitedMs !== undefined) {
      evictables ??= evictablesOf(world, wanted, now);
      const victims = victimsFor({ wanted: revision, waitedMs, leaving }, rooms, evictables);
      for (const { replica } of victims) stop(replica, `${revision.deployment} is called and needs its memory`);
      reserve(rooms, revision);
    }
  }
}

/** The memory that is coming free is meant for this one: those behind it don't count on it. */
function reserve(rooms: ReadonlyMap<string, Room>, revision: WantedReplicas): void {
  for (const room of rooms.values()) {
    if (room.free + room.freeing < revision.memoryBytes) continue;
    room.free -= revision.memoryBytes;
    return;
  }
}

/** Higher priority first, then whose call waits longest, then what nobody waits for, the fastest to load first. */
function byUrgency(a: Missing, b: Missing): number {
  return b.revision.priority - a.revision.priority || (b.waitedMs ?? -1) - (a.waitedMs ?? -1) || a.revision.loadMs - b.revision.loadMs;
}

/** Replicas that are to stay, and those that are to be replaced. */
function standing(replicas: readonly RunningReplica[]) {
  const standing = replicas.filter(({ state }) => state !== 'stopping');
  return { there: standing.filter(({ isRetiring }) => !isRetiring), retiring: standing.filter(({ isRetiring }) => isRetiring) };
}

/** Those beyond the target: not yet ready ones first, then the youngest. */
function surplus(there: readonly RunningReplica[], target: number): readonly RunningReplica[] {
  if (there.length <= target) return [];
  return there.toSorted((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || b.since - a.since).slice(0, there.length - target);
}

/** The policy that Modelyard runs. */
export const demandPolicy: Policy = { name: 'demand', decide };
