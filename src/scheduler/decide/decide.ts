import { retryAt } from './crashes.ts';
import { Evictables, loadOf, PATIENCE_MS, type Urgency } from './evict.ts';
import { Rooms } from './place.ts';
import { rollOut } from './rollout.ts';
import { targetOf } from './scale.ts';
import { type Action, type Load, type Policy, type RunningReplica, type WantedReplicas, type World } from './world.ts';

/**
 * At most so many a decision, the most urgent first; the rest follow at the next, a second later at the latest. A fleet does not load or
 * give up more at once to any use, and a decision stays short however much has to be done.
 */
const STARTS_MAX = 1_000;
const EVICTIONS_MAX = 256;

/** One replica that should be there and isn't. */
interface Missing {
  readonly revision: WantedReplicas;
  readonly reason: string;
  readonly urgency: Urgency;
  /** How long its oldest call has waited; 0 where nobody waits for it. */
  readonly waitedMs: number;
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
  const rooms = new Rooms(world.nodes, { replicas: world.replicas, byRevision, threadsOf: (id) => wanted.get(id)?.threads ?? 0 });
  const actions: Action[] = rollOut(world, now);
  const leaving = new Set<string>();
  const stop = (replica: RunningReplica, reason: string) => {
    actions.push({ type: 'stop', replica: replica.id, reason });
    leaving.add(replica.id);
    const room = rooms.of(replica.node);
    if (room) room.freeing += replica.memoryBytes;
  };
  for (const [id, replicas] of byRevision) {
    if (!wanted.has(id)) for (const replica of replicas) if (replica.state !== 'stopping') stop(replica, 'it is wanted no more');
  }
  const missing: Missing[] = [];
  for (const revision of world.revisions) {
    // At rest, as most are where there are many: nothing of it is loaded, kept or called.
    if (revision.replicasMin === 0 && !byRevision.has(revision.id) && !world.load.has(revision.id)) continue;
    const replicas = byRevision.get(revision.id) ?? [];
    const { there, retiring } = standing(replicas);
    const load = loadOf(world.load, revision.id);
    const target = targetOf(revision, replicas, load, now);
    for (const replica of surplus(there, target.replicas)) stop(replica, target.reason());
    const isReplaced = there.filter(({ state }) => state === 'ready').length >= target.replicas;
    if (isReplaced) for (const replica of retiring) stop(replica, 'drained');
    if (there.length >= target.replicas || now < retryAt(world.crashes.get(revision.id) ?? [], now)) continue;
    const waitedMs = now - (load.waitingSince ?? revision.urgentSince ?? now);
    const urgency = urgencyOf(revision, { load, waitedMs, standing: [...there, ...retiring] });
    const [oldest] = there.some(({ state }) => state === 'starting') ? [] : retiring;
    for (let count = there.length; count < target.replicas; count++) {
      const isFirst = count === there.length;
      missing.push({
        revision,
        reason: load.waiting > 0 && urgency === 'cold' ? 'a call waits' : target.reason(),
        // Others go for one replica at a time: whether that will do is known when it serves.
        urgency: isFirst ? urgency : 'kept',
        waitedMs: isFirst && urgency !== 'kept' ? waitedMs : 0,
        makesWay: isFirst ? oldest : undefined,
      });
    }
  }
  start(missing.toSorted(byUrgency), { evictables: () => new Evictables(world, rooms, { wanted, leaving, now }), rooms, stop, actions });
  return actions;
}

/** What memory is taken from others for: a call that waits while nothing serves it, or for long while what serves it can't keep up and nothing more is coming. */
function urgencyOf(
  revision: WantedReplicas,
  { load, waitedMs, standing }: { readonly load: Load; readonly waitedMs: number; readonly standing: readonly RunningReplica[] },
): Urgency {
  if (standing.length === 0) return load.waiting > 0 || revision.urgentSince !== undefined ? 'cold' : 'kept';
  return load.waiting > 0 && waitedMs >= PATIENCE_MS && standing.every(({ state }) => state === 'ready') ? 'hot' : 'kept';
}

interface Starting {
  readonly rooms: Rooms;
  evictables(): Evictables;
  stop(replica: RunningReplica, reason: string): void;
  readonly actions: Action[];
}

/** `missing`: the most urgent first. */
function start(missing: readonly Missing[], { rooms, evictables, stop, actions }: Starting): void {
  let candidates: Evictables | undefined;
  let started = 0;
  let evicted = 0;
  for (const { revision, reason, urgency, waitedMs, makesWay } of missing) {
    if (started >= STARTS_MAX) return;
    const room = rooms.place(revision);
    if (room) {
      rooms.take(room, revision);
      actions.push({ type: 'start', revision: revision.id, node: room.node.id, reason });
      started++;
    } else if (makesWay) {
      stop(makesWay, 'drained: there is no room for another beside it');
    } else if (urgency !== 'kept') {
      // What is coming free is meant for this one: those behind it don't count on it.
      let reserved = rooms.comingFree(revision);
      if (!reserved && evicted < EVICTIONS_MAX) {
        candidates ??= evictables();
        const loss = candidates.victimsFor({ wanted: revision, urgency, waitedMs });
        for (const replica of loss?.victims ?? []) stop(replica, WHY_EVICTED[urgency](revision));
        evicted += loss?.victims.length ?? 0;
        reserved = loss?.room;
      }
      if (reserved) reserved.free -= revision.memoryBytes;
    }
  }
}

const WHY_EVICTED = {
  cold: ({ deployment }: WantedReplicas) => `${deployment} is called and needs its memory`,
  hot: ({ deployment }: WantedReplicas) => `${deployment} is called more than its replicas can serve and needs its memory`,
} as const;

const RANK = { cold: 2, hot: 1, kept: 0 } as const satisfies Record<Urgency, number>;

/** Higher priority first, then what calls wait for in vain, then what can't keep up, of each whose call waits longest; then what nobody waits for, the fastest to load first. */
function byUrgency(a: Missing, b: Missing): number {
  return b.revision.priority - a.revision.priority || RANK[b.urgency] - RANK[a.urgency] || b.waitedMs - a.waitedMs || a.revision.loadMs - b.revision.loadMs;
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
