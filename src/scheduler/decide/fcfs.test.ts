import { expect, test } from 'vitest';
import { fcfsPolicy } from './fcfs.ts';
import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas, type World } from './world.ts';

const revision = (id: string, memoryBytes: number): WantedReplicas => ({
  id,
  deployment: id,
  digest: id,
  replicasMin: 1,
  replicasMax: 4,
  targetConcurrency: 1,
  priority: 0,
  idleMs: 60_000,
  memoryBytes,
  threads: 1,
  loadMs: 1_000,
});
const ready = (of: string, memoryBytes: number, since = 0): RunningReplica => ({ id: `${of}-1`, revision: of, node: 'n', state: 'ready', since, memoryBytes });
const waits = (waitingSince: number): Load => ({ ...NO_LOAD, waiting: 9, waitingSince, lastCallAt: waitingSince, stableConcurrency: 9, panicConcurrency: 9 });
const NOW = 100_000;

function decided(more: Partial<World>): string[] {
  const world = {
    nodes: [{ id: 'n', memoryBytes: 10, threads: 4 }],
    revisions: [revision('a', 6), revision('b', 6), revision('c', 4)],
    replicas: [],
    crashes: new Map(),
    load: new Map(),
  };
  return fcfsPolicy.decide({ ...world, ...more }, NOW).map((action) => (action.type === 'stop' ? `stop ${action.replica}` : `${action.type} ${action.revision}`));
}

test('nobody calls: nothing is loaded; the first called is loaded first, while memory lasts', () => {
  expect(decided({})).toEqual([]);
  const load = new Map([
    ['a', waits(30)],
    ['b', waits(10)],
    ['c', waits(20)],
  ]);
  expect(decided({ load })).toEqual(['start b', 'start c']);
});

test('one replica each, however many calls; nobody goes for another', () => {
  const load = new Map([
    ['a', waits(10)],
    ['b', { ...NO_LOAD, lastCallAt: NOW - 59_999 }],
  ]);
  expect(decided({ load, replicas: [ready('b', 6)] })).toEqual([]);
  expect(decided({ load, replicas: [{ ...ready('a', 6), state: 'starting' }] })).toEqual([]);
});

test('what had no call for its idle time goes, and what is wanted no more', () => {
  expect(decided({ replicas: [ready('a', 6), ready('gone', 1, NOW)] })).toEqual(['stop a-1', 'stop gone-1']);
  expect(decided({ replicas: [ready('a', 6, NOW - 59_999)] })).toEqual([]);
  expect(decided({ replicas: [ready('a', 6)], load: new Map([['a', { ...NO_LOAD, running: 1 }]]) })).toEqual([]);
});
