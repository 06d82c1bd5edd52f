import type { Node, RunningReplica, WantedReplicas } from './world.ts';

/** A node's memory as a decision changes it. */
export interface Room {
  readonly node: Node;
  free: number;
  /** What comes back from replicas that are ending. */
  freeing: number;
  threadsUsed: number;
}

/** What is taken up and what asks: as far as rooms look at it. */
export interface Occupied {
  readonly replicas: readonly RunningReplica[];
  readonly byRevision: ReadonlyMap<string, readonly RunningReplica[]>;
  threadsOf(revision: string): number;
}

/** The memory of all nodes while one decision is taken: it only ever gets less, so what has found no place once needn't look again. */
export class Rooms {
  readonly list: readonly Room[];
  readonly #byNode: ReadonlyMap<string, Room>;
  readonly #replicas: Occupied['byRevision'];
  /** Replicas of a revision by room, of those that asked for a place. */
  readonly #hosts = new Map<string, Map<Room, number>>();
  /** The least that fitted nowhere. */
  #nowhere = { memoryBytes: Number.POSITIVE_INFINITY, threads: 0 };

  constructor(nodes: readonly Node[], { replicas, byRevision, threadsOf }: Occupied) {
    this.list = nodes.map((node): Room => ({ node, free: node.memoryBytes, freeing: 0, threadsUsed: 0 }));
    this.#byNode = new Map(this.list.map((room) => [room.node.id, room]));
    this.#replicas = byRevision;
    for (const { node, revision, state, memoryBytes } of replicas) {
      const room = this.#byNode.get(node);
      if (!room) continue;
      room.free -= memoryBytes;
      if (state === 'stopping') room.freeing += memoryBytes;
      room.threadsUsed += threadsOf(revision);
    }
  }

  of(node: string): Room | undefined {
    return this.#byNode.get(node);
  }

  /**
   * The node for one more replica: those where its memory is free now (filter, fit), and of them the best (score): files that are there
   * already, then fewest replicas of the same revision, then most idle threads, then the tightest fit. Undefined: it fits nowhere now.
   */
  place(revision: WantedReplicas): Room | undefined {
    const { memoryBytes, threads, digest } = revision;
    if (memoryBytes >= this.#nowhere.memoryBytes && threads >= this.#nowhere.threads) return undefined;
    const hosts = this.#hostsOf(revision.id);
    let best: Room | undefined;
    for (const room of this.list) {
      if (room.free < memoryBytes || room.node.threads < threads) continue;
      if (!best || isBetter(room, best, digest, hosts)) best = room;
    }
    if (!best && memoryBytes < this.#nowhere.memoryBytes) this.#nowhere = { memoryBytes, threads };
    return best;
  }

  /** A replica is started here. */
  take(room: Room, { id, memoryBytes, threads }: WantedReplicas): void {
    room.free -= memoryBytes;
    room.threadsUsed += threads;
    const hosts = this.#hostsOf(id);
    hosts.set(room, (hosts.get(room) ?? 0) + 1);
  }

  /** Where there will be room once what is ending has ended. */
  comingFree(revision: WantedReplicas): Room | undefined {
    return this.list.find((room) => room.free + room.freeing >= revision.memoryBytes && canHold(room, revision));
  }

  #hostsOf(revision: string): Map<Room, number> {
    let hosts = this.#hosts.get(revision);
    if (hosts) return hosts;
    this.#hosts.set(revision, (hosts = new Map()));
    for (const { node } of this.#replicas.get(revision) ?? []) {
      const room = this.#byNode.get(node);
      if (room) hosts.set(room, (hosts.get(room) ?? 0) + 1);
    }
    return hosts;
  }
}

/** Whether a node is large enough for a replica at all. */
export function canHold({ node }: Room, { memoryBytes, threads }: WantedReplicas): boolean {
  return node.memoryBytes >= memoryBytes && node.threads >= threads;
}

function isBetter(a: Room, b: Room, digest: string, hosts: ReadonlyMap<Room, number>): boolean {
  if (a.node.warm || b.node.warm) {
    const warm = Number(a.node.warm?.has(digest) ?? false) - Number(b.node.warm?.has(digest) ?? false);
    if (warm !== 0) return warm > 0;
  }
  if (hosts.size > 0) {
    const spread = (hosts.get(a) ?? 0) - (hosts.get(b) ?? 0);
    if (spread !== 0) return spread < 0;
  }
  const idle = a.node.threads - a.threadsUsed - (b.node.threads - b.threadsUsed);
  return idle !== 0 ? idle > 0 : a.free < b.free;
}
