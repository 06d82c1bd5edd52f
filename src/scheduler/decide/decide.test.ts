import { expect, test } from 'vitest';
import { decide, isDegraded, retryAt, type World } from './decide.ts';

const world = (over: Partial<World>): World => ({ desired: [], replicas: [], crashes: new Map(), ...over });

test('a revision that is wanted and not there is started, one that is there and not wanted is stopped', () => {
  const actions = decide(world({ desired: [{ id: 'new', replicas: 1 }], replicas: [{ id: 'r1', revision: 'old', state: 'ready' }] }), 0);
  expect(actions).toEqual([
    { type: 'stop', replica: 'r1' },
    { type: 'start', revision: 'new' },
  ]);
});

test('a replica that is starting counts; one that is stopping does not', () => {
  const desired = [{ id: 'a', replicas: 1 }];
  expect(decide(world({ desired, replicas: [{ id: 'r1', revision: 'a', state: 'starting' }] }), 0)).toEqual([]);
  expect(decide(world({ desired, replicas: [{ id: 'r1', revision: 'a', state: 'stopping' }] }), 0)).toEqual([{ type: 'start', revision: 'a' }]);
});

test('S17: after crashes it waits 1, 2, 4 … 60 s, and five in five minutes are degraded', () => {
  const desired = [{ id: 'a', replicas: 1 }];
  expect(decide(world({ desired, crashes: new Map([['a', [1_000]]]) }), 1_999)).toEqual([]);
  expect(decide(world({ desired, crashes: new Map([['a', [1_000]]]) }), 2_000)).toEqual([{ type: 'start', revision: 'a' }]);
  expect(retryAt([0, 1, 2], 3)).toBe(2 + 4_000);
  expect(retryAt([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10)).toBe(10 + 60_000);
  expect(isDegraded([1, 2, 3, 4], 5)).toBe(false);
  expect(isDegraded([1, 2, 3, 4, 5], 6)).toBe(true);
  expect(isDegraded([1, 2, 3, 4, 5], 400_000)).toBe(false);
});
