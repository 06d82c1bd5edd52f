import type { Room } from './place.ts';
import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas, type World } from './world.ts';

/** A call that has waited for so long may send away a replica that is being called: it ends the calls it runs first. */
const PATIENCE_MS = 2_000;
/** A replica that has just been loaded serves at least for so long before it is sent away, so that two models never only swap places. */
const RESIDENCE_MS = 1_000;

export interface Evictable {
  readonly replica: RunningReplica;
  readonly revision: WantedReplicas | undefined;
  readonly load: Load;
  readonly cost: number;
}

interface OnNode {
  readonly node: string;
  /** The cheapest first. */
  readonly candidates: readonly Evictable[];
}

/** What may have to go, by node, the node with the cheapest first: what nobody calls, or anything. */
export interface Evictables {
  readonly idle: readonly OnNode[];
  readonly all: readonly OnNode[];
}

/** Made once a decision, however many calls wait. */
export function evictablesOf({ replicas, load: loads }: World, wanted: ReadonlyMap<string, WantedReplicas>, now: number): Evictables {
  const all = replicas
    .filter(({ state, since }) => state === 'ready' && now - since >= RESIDENCE_MS)
    .map((replica): Evictable => {
      const revision = wanted.get(replica.revision);
      const load = loadOf(loads, replica.revision);
      return { replica, revision, load, cost: costOf({ replica, revision, load }, now) };
    })
    .toSorted((a, b) => a.cost - b.cost);
  return { idle: byNode(all.filter(({ load }) => load.running + load.waiting === 0)), all: byNode(all) };
}

/** A map keeps the order in which its keys came, so the nodes stay in the order of their cheapest. */
function byNode(sorted: readonly Evictable[]): OnNode[] {
  return [...Map.groupBy(sorted, ({ replica }) => replica.node)].map(([node, candidates]) => ({ node, candidates }));
}

/**
 * Which replicas to send away so that `wanted` fits on some node: on each node the cheapest to lose first, and the node where that
 * costs least. Cheap is what loads fast and was not called for long: load time over idle time, the greedy-dual rule without sizes.
 * Empty: nothing may go yet, or what is ending already will do.
 */
export function victimsFor(need: Need, rooms: ReadonlyMap<string, Room>, evictables: Evictables): readonly Evictable[] {
  const { wanted, waitedMs } = need;
  const canHold = ({ node }: Room) => node.memoryBytes >= wanted.memoryBytes && node.threads >= wanted.threads;
  for (const room of rooms.values()) if (room.free + room.freeing >= wanted.memoryBytes && canHold(room)) return [];
  let best: Loss | undefined;
  for (const { node, candidates } of waitedMs >= PATIENCE_MS ? evictables.all : evictables.idle) {
    // No node from here on can cost less than its cheapest candidate does.
    if (best && (candidates[0]?.cost ?? 0) >= best.cost) break;
    const room = rooms.get(node);
    if (room && canHold(room)) best = lossOn(room, need, candidates, best?.cost ?? Number.POSITIVE_INFINITY) ?? best;
  }
  return best?.victims ?? [];
}

/** A replica that a call waits for. */
export interface Need {
  readonly wanted: WantedReplicas;
  readonly waitedMs: number;
  /** Replicas that go already. */
  readonly leaving: ReadonlySet<string>;
}

interface Loss {
  readonly victims: readonly Evictable[];
  readonly cost: number;
}

/** What is to go from a node, if that costs less than `costMax`; candidates are the cheapest first. */
function lossOn({ free, freeing }: Room, need: Need, candidates: readonly Evictable[], costMax: number): Loss | undefined {
  const victims: Evictable[] = [];
  let room = free + freeing;
  let cost = 0;
  for (const candidate of candidates) {
    // Those behind it cost as much or more, so this also holds when it may not go.
    if (cost + candidate.cost >= costMax) return undefined;
    if (!mayGo(candidate, need)) continue;
    cost += candidate.cost;
    victims.push(candidate);
    room += candidate.replica.memoryBytes;
    if (room >= need.wanted.memoryBytes) return { victims, cost };
  }
  return undefined;
}

function mayGo({ replica, revision }: Evictable, { wanted, leaving }: Need): boolean {
  return replica.revision !== wanted.id && (revision?.priority ?? wanted.priority) <= wanted.priority && !leaving.has(replica.id);
}

function costOf({ replica, revision, load }: Omit<Evictable, 'cost'>, now: number): number {
  const idleMs = now - Math.max(load.lastCallAt ?? replica.since, replica.since);
  const busy = load.running + load.waiting;
  return ((revision?.loadMs ?? 0) * (1 + busy)) / (idleMs + 1_000);
}

export function loadOf(loads: ReadonlyMap<string, Load>, revision: string): Load {
  return loads.get(revision) ?? NO_LOAD;
}
