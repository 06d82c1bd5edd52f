import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { next } from '../../data-plane/dispatch/next.ts';
import { demandPolicy } from '../decide/decide.ts';
import { fcfsPolicy } from '../decide/fcfs.ts';
import type { Policy } from '../decide/world.ts';
import { type Arrival, generate, PATTERNS } from './arrivals.ts';
import { type Fleet, fleetOf } from './fleet.ts';
import { simulate } from './simulate.ts';

const GIB = 1_073_741_824;
const made = (nodes: number, deployments: number, seed = 1): Fleet => fleetOf({ nodes, deployments, nodeMemoryBytes: 64 * GIB, idleMs: 300_000, seed });

/** One node of 10 bytes; models that load in 2 s, prefill 1000 and decode 10 tokens a second. */
function tiny(slots: number, ...memories: number[]): Fleet {
  const models = memories.map((memoryBytes, index) => {
    const id = `m${index}`;
    const wanted = { id, deployment: id, digest: id, replicasMin: 0, replicasMax: 1, targetConcurrency: 4, priority: 0, idleMs: 60_000, memoryBytes, threads: 1, loadMs: 2_000 };
    return { revision: wanted, slots, prefillTokensPerSecond: 1_000, decodeTokensPerSecond: 10 };
  });
  return { nodes: [{ id: 'n', memoryBytes: 10, threads: 4 }], models };
}
const call = (atMs: number, deployment = 0): Arrival => ({ atMs, deployment, contextTokens: 1_000, generatedTokens: 20 });
const run = (fleet: Fleet, arrivals: Iterable<Arrival>, more: { policy?: Policy; minutes?: number; sloMs?: number } = {}) =>
  simulate({ fleet, policy: demandPolicy, arrivals, next, minutes: 1, sloMs: 4_000, ...more });

describe('by hand', () => {
  test('one slot: the first call waits for the load, the second for the first', () => {
    // Loaded at 2.5 s; serves 0.5 → 2.5–5.5 s, 1.0 → 5.5–8.5 s, 20.0 → 20–23 s.
    const result = run(tiny(1, 10), [call(500), call(1_000), call(20_000)]);
    expect(result).toMatchObject({ arrivals: 3, served: 3, waiting: 0, loads: 1, coldStarts: 1, evictions: 0, waitP50Ms: 2_000, waitP99Ms: 4_500 });
    // With 1 s of prefill the first tokens come after 3, 5.5 and 1 s.
    expect(result.attainment).toBeCloseTo(2 / 3);
    // Busy 9 s of the 57.5 s since it was loaded; memory held from 0.5 s on; the only node used as long.
    expect(result.slotsBusy).toBeCloseTo(9 / 57.5);
    expect(result.memoryUsed).toBeCloseTo(59.5 / 60);
    expect(result.nodeHours).toBeCloseTo(59.5 / 3_600);
  });

  test('a second model sends the first away: 1 s until it has left the routes, then 2 s of load', () => {
    const result = run(tiny(1, 10, 10), [call(500, 0), call(10_000, 1)]);
    expect(result).toMatchObject({ served: 2, coldStarts: 2, evictions: 1, waitP50Ms: 2_000, waitP99Ms: 3_000 });
  });

  test('first come, first served: the second waits until the first has been idle for its idle time', () => {
    // Its last call ran at the tick of 5 s: idle at 65 s, gone at 66 s, the second loaded at 68 s.
    expect(run(tiny(1, 10, 10), [call(500, 0), call(10_000, 1)], { policy: fcfsPolicy, minutes: 2 })).toMatchObject({ served: 2, evictions: 0, waitP99Ms: 58_000 });
    expect(run(tiny(1, 10, 10), [call(500, 0), call(10_000, 1)], { policy: fcfsPolicy })).toMatchObject({ served: 1, waiting: 1, waitP99Ms: 50_000 });
  });

  test('a queue takes 256 calls; what is too large for every node waits', () => {
    const calls = Array.from({ length: 300 }, (_, index) => call(index));
    expect(run(tiny(1, 11), calls)).toMatchObject({ served: 0, waiting: 256, refused: 44, attainment: 0 });
  });
});

test('the same seed gives the same result, another seed another', () => {
  const once = (seed: number, policy: Policy) => run(made(4, 80, seed), generate({ pattern: 'bursty', rate: 4, minutes: 3 }, 80, seed), { policy, minutes: 3 });
  for (const policy of [demandPolicy, fcfsPolicy]) {
    expect(once(7, policy)).toEqual(once(7, policy));
    expect(once(7, policy)).not.toEqual(once(8, policy));
  }
});

test('whatever comes: every call is served, running, waiting, refused or cut, and no node has more than its memory', () => {
  const cases = fc.record({
    nodes: fc.integer({ min: 1, max: 4 }),
    deployments: fc.integer({ min: 1, max: 60 }),
    pattern: fc.constantFrom(...PATTERNS),
    rate: fc.integer({ min: 1, max: 20 }),
    seed: fc.nat(),
    policy: fc.constantFrom(demandPolicy, fcfsPolicy),
  });
  fc.assert(
    fc.property(cases, ({ nodes, deployments, pattern, rate, seed, policy }) => {
      const arrivals = [...generate({ pattern, rate, minutes: 2 }, deployments, seed)];
      const result = run(made(nodes, deployments, seed), arrivals, { policy, minutes: 2 });
      expect(result.arrivals).toBe(arrivals.length);
      expect(result.served + result.running + result.waiting + result.refused + result.cut).toBe(arrivals.length);
      expect(result.memoryUsed).toBeLessThanOrEqual(1 + 1e-9);
      expect(result.slotsBusy).toBeLessThanOrEqual(1 + 1e-9);
      expect(result.coldStarts).toBeLessThanOrEqual(result.loads);
    }),
    { numRuns: 40 },
  );
});

test('a policy that gives a node more than its memory is found out', () => {
  const greedy: Policy = { name: 'greedy', decide: ({ revisions }) => revisions.map(({ id }) => ({ type: 'start', revision: id, node: 'n', reason: '' })) };
  expect(() => run(tiny(1, 6, 6), [], { policy: greedy })).toThrow(expect.objectContaining({ code: 'policy_overfills' }));
});

test('1000 nodes and 2000 deployments for ten minutes', { timeout: 120_000 }, () => {
  const began = systemClock.monotonic();
  const result = run(made(1_000, 2_000), generate({ pattern: 'poisson', rate: 500, minutes: 10 }, 2_000, 1), { minutes: 10 });
  process.stdout.write(
    `1000 nodes × 2000 deployments × 10 minutes, ${result.arrivals} calls, ${result.decisions} decisions: ${((systemClock.monotonic() - began) / 1_000).toFixed(1)} s\n`,
  );
  expect(result.served).toBeGreaterThan(0);
});
