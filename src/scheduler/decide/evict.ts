import { canHold, type Room, type Rooms } from './place.ts';
import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas, type World } from './world.ts';

/** A call that has waited for so long may send away others for a model that has a replica already, or one that is being called: that ends the calls it runs first. */
export const PATIENCE_MS = 2_000;
/** A replica that has just been loaded serves at least for so long before it is sent away, so that two models never only swap places. */
const RESIDENCE_MS = 1_000;
/** Without a call for so long, a replica may go for another model's second one: what is called every few seconds keeps its own. */
const DISUSE_MS = 10_000;

/**
 * Whom a replica may be started at the cost of. `cold`: nothing of its model is there: of what nobody calls, and after a while of anything.
 * `hot`: what is there can't keep up: of what has not been called for a while. `kept`: nobody waits: of nobody.
 */
export type Urgency = 'cold' | 'hot' | 'kept';

/** A replica that a call waits for. */
export interface Need {
  readonly wanted: WantedReplicas;
  readonly urgency: Exclude<Urgency, 'kept'>;
  readonly waitedMs: number;
}

export interface Loss {
  readonly room: Room;
  readonly victims: readonly RunningReplica[];
}

interface Evictable {
  readonly replica: RunningReplica;
  readonly priority: number;
  readonly idleMs: number;
  readonly isCalled: boolean;
  readonly cost: number;
  /** It was chosen already. */
  goes: boolean;
}

interface OnNode {
  readonly room: Room;
  /** The cheapest first. */
  readonly candidates: readonly Evictable[];
  /** Those before it go already. */
  next: number;
}

interface Choice {
  readonly room: Room;
  readonly victims: readonly Evictable[];
  readonly cost: number;
}

type Reach = 'all' | 'idle' | 'disused';

/** What may have to go, by node; made once a decision, however many calls wait. */
export class Evictables {
  readonly #leaving: ReadonlySet<string>;
  /** The node with the cheapest first. */
  readonly #byReach: Readonly<Record<Reach, readonly OnNode[]>>;
  /** The least that found nobody who may go, by reach and priority: within a decision nobody comes who might. */
  readonly #hopeless = new Map<string, { readonly memoryBytes: number; readonly threads: number }>();

  /** `leaving`: replicas that go already; may grow. */
  constructor(
    world: World,
    rooms: Rooms,
    { wanted, leaving, now }: { readonly wanted: ReadonlyMap<string, WantedReplicas>; readonly leaving: ReadonlySet<string>; readonly now: number },
  ) {
    this.#leaving = leaving;
    const all = world.replicas
      .filter(({ state, since }) => state === 'ready' && now - since >= RESIDENCE_MS)
      .map((replica) => evictableOf(replica, { revision: wanted.get(replica.revision), load: loadOf(world.load, replica.revision), now }))
      .toSorted((a, b) => a.cost - b.cost);
    const idle = all.filter(({ isCalled }) => !isCalled);
    this.#byReach = {
      all: byNode(all, rooms),
      idle: byNode(idle, rooms),
      disused: byNode(
        idle.filter(({ idleMs }) => idleMs >= DISUSE_MS),
        rooms,
      ),
    };
  }

  /**
   * Which replicas to send away so that `wanted` fits on some node: on each node the cheapest to lose first, and the node where that
   * costs least. Cheap is what loads fast and was not called for long: load time over idle time, the greedy-dual rule without sizes.
   * They are not chosen again. Undefined: nobody may go.
   */
  victimsFor(need: Need): Loss | undefined {
    const { wanted } = need;
    const reach = reachOf(need);
    const key = `${reach} ${wanted.priority}`;
    const hopeless = this.#hopeless.get(key);
    if (hopeless && wanted.memoryBytes >= hopeless.memoryBytes && wanted.threads >= hopeless.threads) return undefined;
    let best: Choice | undefined;
    for (const on of this.#byReach[reach]) {
      while (on.candidates[on.next]?.goes) on.next++;
      const cheapest = on.candidates[on.next];
      if (!cheapest || !canHold(on.room, wanted)) continue;
      // No node from here on can cost less than its cheapest candidate did.
      if (best && (on.candidates[0]?.cost ?? 0) >= best.cost) break;
      if (best && cheapest.cost >= best.cost) continue;
      best = this.#lossOn(on, wanted, best?.cost ?? Number.POSITIVE_INFINITY) ?? best;
    }
    if (!best) this.#hopeless.set(key, wanted);
    for (const victim of best?.victims ?? []) victim.goes = true;
    return best && { room: best.room, victims: best.victims.map(({ replica }) => replica) };
  }

  /** What is to go from a node, if that costs less than `costMax`. */
  #lossOn({ room, candidates, next }: OnNode, wanted: WantedReplicas, costMax: number): Choice | undefined {
    const victims: Evictable[] = [];
    let bytes = room.free + room.freeing;
    let cost = 0;
    for (let index = next; index < candidates.length; index++) {
      const candidate = candidates[index];
      // Those behind it cost as much or more, so this also holds when it may not go.
      if (!candidate || cost + candidate.cost >= costMax) return undefined;
      if (!this.#mayGo(candidate, wanted)) continue;
      cost += candidate.cost;
      victims.push(candidate);
      bytes += candidate.replica.memoryBytes;
      if (bytes >= wanted.memoryBytes) return { room, victims, cost };
    }
    return undefined;
  }

  #mayGo({ replica, priority, goes }: Evictable, wanted: WantedReplicas): boolean {
    return !goes && priority <= wanted.priority && replica.revision !== wanted.id && !this.#leaving.has(replica.id);
  }
}

function reachOf({ urgency, waitedMs }: Need): Reach {
  if (urgency === 'hot') return 'disused';
  return waitedMs >= PATIENCE_MS ? 'all' : 'idle';
}

/** A map keeps the order in which its keys came, so the nodes stay in the order of their cheapest. */
function byNode(sorted: readonly Evictable[], rooms: Rooms): OnNode[] {
  return [...Map.groupBy(sorted, ({ replica }) => replica.node)].flatMap(([node, candidates]) => {
    const room = rooms.of(node);
    return room ? [{ room, candidates, next: 0 }] : [];
  });
}

/** What it costs to send a replica away: what bringing it back takes, the more the more it is called, the less the longer it was not. Source: greedy-dual caching, with recency. */
export function evictionCost(loadMs: number, calls: number, idleMs: number): number {
  return (loadMs * (1 + calls)) / (idleMs + 1_000);
}

function evictableOf(replica: RunningReplica, { revision, load, now }: { readonly revision: WantedReplicas | undefined; readonly load: Load; readonly now: number }): Evictable {
  const idleMs = now - Math.max(load.lastCallAt ?? replica.since, replica.since);
  const calls = load.running + load.waiting;
  const cost = evictionCost(revision?.loadMs ?? 0, calls, idleMs);
  return { replica, priority: revision?.priority ?? Number.NEGATIVE_INFINITY, idleMs, isCalled: calls > 0, cost, goes: false };
}

export function loadOf(loads: ReadonlyMap<string, Load>, revision: string): Load {
  return loads.get(revision) ?? NO_LOAD;
}
