import { describe, expect, test } from 'vitest';
import { rollOut } from './rollout.ts';
import type { Rollout, RunningReplica } from './world.ts';

const NOW = 1_000_000;
const CHECK_MS = 60_000;
const calls = (count: number, errors = 0, p99Ms = 100) => ({ calls: count, errors, p99Ms });
const rollout = (more: Partial<Rollout> = {}): Rollout => ({
  deployment: 'm',
  revision: 'new',
  previous: 'old',
  replicasMin: 3,
  steps: [5, 50, 100],
  stepsDone: 0,
  since: NOW - 20_000,
  lastWords: '',
  limits: { checks: 10, checkMs: CHECK_MS, errorIncreaseMax: 0.05, latencyFactorMax: 2 },
  canary: calls(0),
  stable: calls(0),
  slowCalls: 0,
  ...more,
});
const replica = (id: string, state: RunningReplica['state'] = 'ready', since = NOW - 1_000): RunningReplica => ({ id, revision: 'new', node: 'n', state, since, memoryBytes: 1 });
const decided = (one: Rollout, replicas: readonly RunningReplica[], crashes: readonly number[] = []) =>
  rollOut({ rollouts: [one], replicas, crashes: new Map([['new', crashes.map((at) => ({ at, servedMs: 0 }))]]) }, NOW).map((action) =>
    action.type === 'shift' ? `shift to ${one.steps[action.step]}` : action.type,
  );

describe('before it has any traffic', () => {
  test('it waits until as many replicas are ready as its first share needs', () => {
    expect(decided(rollout(), [])).toEqual([]);
    expect(decided(rollout(), [replica('a', 'starting')])).toEqual([]);
    expect(decided(rollout(), [replica('a')])).toEqual(['shift to 5']);
    expect(decided(rollout({ steps: [100] }), [replica('a'), replica('b')])).toEqual([]);
    expect(decided(rollout({ steps: [100] }), [replica('a'), replica('b'), replica('c')])).toEqual(['shift to 100']);
  });

  test('with no room for all its replicas it does with those that are there', () => {
    expect(decided(rollout({ steps: [100] }), [replica('a', 'ready', NOW - 10_000)])).toEqual(['shift to 100']);
    expect(decided(rollout({ steps: [100] }), [replica('a', 'ready', NOW - 10_000), replica('b', 'starting')])).toEqual([]);
  });

  test('S16: five ends, or ten minutes without being ready, and it is taken back', () => {
    const ends = [5, 4, 3, 2, 1].map((seconds) => NOW - seconds * 1_000);
    expect(decided(rollout(), [], ends.slice(1))).toEqual([]);
    expect(decided(rollout(), [], ends)).toEqual(['rollback']);
    expect(decided(rollout({ since: NOW - 600_000 }), [replica('a', 'starting')])).toEqual(['rollback']);
  });
});

describe('S14: while it has a share', () => {
  const watched = (more: Partial<Rollout>) => rollout({ stepsDone: 1, since: NOW - 10 * CHECK_MS, ...more });
  const there = [replica('a'), replica('b'), replica('c')];

  test('five points more failures than the other revision, or more calls beyond twice its 99th percentile than chance allows, and it is taken back', () => {
    expect(decided(watched({ canary: calls(60, 3), stable: calls(1_000, 0) }), there)).toEqual(['rollback']);
    expect(decided(watched({ canary: calls(60, 3), stable: calls(1_000, 30) }), there)).toEqual(['shift to 50']);
    expect(decided(watched({ canary: calls(100), stable: calls(100), slowCalls: 5 }), there)).toEqual(['rollback']);
    expect(decided(watched({ canary: calls(100), stable: calls(100), slowCalls: 4 }), there)).toEqual(['shift to 50']);
    expect(decided(watched({ canary: calls(10_000), stable: calls(10_000), slowCalls: 131 }), there)).toEqual(['rollback']);
  });

  test('two failures, or a slow call among few, are no pattern', () => {
    expect(decided(watched({ canary: calls(20, 2), stable: calls(1_000) }), there)).toEqual(['shift to 50']);
    expect(decided(watched({ canary: calls(99), stable: calls(1_000), slowCalls: 50 }), there)).toEqual(['shift to 50']);
  });

  test('it is taken back as soon as it is known, not at the end of its time', () => {
    expect(decided(watched({ since: NOW - 1_000, canary: calls(10, 3), stable: calls(100) }), there)).toEqual(['rollback']);
  });

  test('the next share comes when it was watched long enough and was called; uncalled it is waited for, but not for ever', () => {
    expect(decided(watched({ since: NOW - 10 * CHECK_MS + 1, canary: calls(1_000) }), there)).toEqual([]);
    expect(decided(watched({ canary: calls(19) }), there)).toEqual([]);
    expect(decided(watched({ since: NOW - 100 * CHECK_MS, canary: calls(19) }), there)).toEqual(['shift to 50']);
  });
});
