import { retryAt } from './crashes.ts';
import { loadOf } from './evict.ts';
import { type Room, Rooms } from './place.ts';
import type { Action, Policy, RunningReplica, WantedReplicas, World } from './world.ts';

/**
 * First come, first served, to measure against: models are loaded in the order in which they were first called while memory lasts,
 * one replica each, on the first node with room. Nobody is sent away for another; only what had no call for its idle time goes.
 */
function decide(world: World, now: number): Action[] {
  const wanted = new Map(world.revisions.map((revision) => [revision.id, revision]));
  const there = new Set(world.replicas.filter(({ state }) => state !== 'stopping').map(({ revision }) => revision));
  const actions: Action[] = [];
  for (const replica of world.replicas) {
    const reason = replica.state === 'stopping' ? undefined : whyEnd(replica, wanted.get(replica.revision), world, now);
    if (reason !== undefined) actions.push({ type: 'stop', replica: replica.id, reason });
  }
  const byRevision = Map.groupBy(world.replicas, ({ revision }) => revision);
  const rooms = new Rooms(world.nodes, { replicas: world.replicas, byRevision, threadsOf: (id) => wanted.get(id)?.threads ?? 0 });
  const called = world.revisions.filter(({ id }) => !there.has(id) && loadOf(world.load, id).waiting > 0 && now >= retryAt(world.crashes.get(id) ?? [], now));
  const since = ({ id }: WantedReplicas) => loadOf(world.load, id).waitingSince ?? now;
  for (const revision of called.toSorted((a, b) => since(a) - since(b))) {
    const room = firstFit(rooms.list, revision);
    if (!room) continue;
    rooms.take(room, revision);
    actions.push({ type: 'start', revision: revision.id, node: room.node.id, reason: 'a call waits' });
  }
  return actions;
}

function whyEnd(replica: RunningReplica, revision: WantedReplicas | undefined, { load }: World, now: number): string | undefined {
  if (!revision) return 'it is wanted no more';
  const { waiting, running, lastCallAt } = loadOf(load, revision.id);
  const idleMs = now - Math.max(lastCallAt ?? replica.since, replica.since);
  return waiting + running === 0 && idleMs >= revision.idleMs ? `no call for ${Math.round(revision.idleMs / 1000)} s` : undefined;
}

function firstFit(rooms: readonly Room[], { memoryBytes, threads }: WantedReplicas): Room | undefined {
  return rooms.find(({ free, node }) => free >= memoryBytes && node.threads >= threads);
}

export const fcfsPolicy: Policy = { name: 'fcfs', decide };
