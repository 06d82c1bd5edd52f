import type { Node, RunningReplica, WantedReplicas } from './world.ts';

/** A node's memory as a decision changes it. */
export interface Room {
  readonly node: Node;
  free: number;
  /** What comes back from replicas that are ending. */
  freeing: number;
  threadsUsed: number;
  readonly revisions: Map<string, number>;
}

export function roomsOf(nodes: readonly Node[], replicas: readonly RunningReplica[], threadsOf: (revision: string) => number): Map<string, Room> {
  const rooms = new Map(nodes.map((node): [string, Room] => [node.id, { node, free: node.memoryBytes, freeing: 0, threadsUsed: 0, revisions: new Map() }]));
  for (const { node, revision, state, memoryBytes } of replicas) {
    const room = rooms.get(node);
    if (!room) continue;
    room.free -= memoryBytes;
    if (state === 'stopping') room.freeing += memoryBytes;
    room.threadsUsed += threadsOf(revision);
    room.revisions.set(revision, (room.revisions.get(revision) ?? 0) + 1);
  }
  return rooms;
}

/**
 * The node for one more replica: those where its memory is free now (filter, fit), and of them the best (score): files that are there
 * already, then fewest replicas of the same revision, then most idle threads, then the tightest fit. Undefined: it fits nowhere now.
 */
export function placeOn(rooms: Iterable<Room>, revision: WantedReplicas): Room | undefined {
  let best: Room | undefined;
  for (const room of rooms) {
    if (room.free < revision.memoryBytes || room.node.threads < revision.threads) continue;
    if (!best || isBetter(room, best, revision)) best = room;
  }
  return best;
}

function isBetter(a: Room, b: Room, { id, digest }: WantedReplicas): boolean {
  const warm = Number(a.node.warm?.has(digest) ?? false) - Number(b.node.warm?.has(digest) ?? false);
  if (warm !== 0) return warm > 0;
  const spread = (a.revisions.get(id) ?? 0) - (b.revisions.get(id) ?? 0);
  if (spread !== 0) return spread < 0;
  const idle = a.node.threads - a.threadsUsed - (b.node.threads - b.threadsUsed);
  return idle !== 0 ? idle > 0 : a.free < b.free;
}

export function take(room: Room, revision: WantedReplicas): void {
  room.free -= revision.memoryBytes;
  room.threadsUsed += revision.threads;
  room.revisions.set(revision.id, (room.revisions.get(revision.id) ?? 0) + 1);
}
