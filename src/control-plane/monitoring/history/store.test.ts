import { expect, test } from 'vitest';
import { openDatabase } from '../../../db/open.ts';
import { DurationHistogram } from '../../../telemetry/histogram.ts';
import { inSteps, type Rollup, stepFor } from './model.ts';
import { deleteRollups, listRollups, putRollups } from './store.ts';

const MINUTE = 60_000;
const histogram = (...seconds: readonly number[]) => {
  const made = new DurationHistogram();
  for (const one of seconds) made.observe(one);
  return made;
};
const rollup = (deployment: string, minute: number, more: Partial<Rollup> = {}): Rollup => ({
  deployment,
  orgId: 'org',
  start: minute * MINUTE,
  calls: 1,
  failed: 0,
  promptTokens: 1,
  cachedTokens: 0,
  completionTokens: 2,
  duration: histogram(0.1),
  firstByte: histogram(),
  waiting: 0,
  running: 1,
  replicas: 1,
  memoryBytes: 5,
  cpuSeconds: 0.5,
  restarts: 0,
  ...more,
});

test('rows come back whole and in order, over many pages, up to the bound; writing one again replaces it', async () => {
  const db = await openDatabase(':memory:');
  const all = Array.from({ length: 1_250 }, (_, minute) => ['a', 'b'].map((name) => rollup(name, minute, { calls: minute }))).flat();
  await putRollups(db, 60, all);
  await putRollups(db, 60, [rollup('b', 3, { calls: 77 })]);
  const read = await listRollups(db, { stepSeconds: 60, since: 0, until: 1_250 * MINUTE }, 10_000);
  expect(read.map(({ deployment, start }) => `${start} ${deployment}`)).toEqual(all.map(({ deployment, start }) => `${start} ${deployment}`));
  expect(read[7]).toMatchObject({ deployment: 'b', calls: 77, completionTokens: 2, cpuSeconds: 0.5 });
  expect(read[7]?.duration.quantile(1)).toBeCloseTo(0.1, 1);
  expect(await listRollups(db, { stepSeconds: 60, since: 0, until: 1_250 * MINUTE }, 1_500)).toHaveLength(1_500);
  expect(await listRollups(db, { stepSeconds: 60, since: 5 * MINUTE, until: 8 * MINUTE, deployment: 'a' }, 100)).toHaveLength(3);
  expect(await listRollups(db, { stepSeconds: 3_600, since: 0, until: 1_250 * MINUTE }, 100)).toEqual([]);
  await deleteRollups(db, 60, 1_249 * MINUTE);
  expect(await listRollups(db, { stepSeconds: 60, since: 0, until: 1_250 * MINUTE }, 100)).toHaveLength(2);
  await db.destroy();
});

test('steps add counts, keep the highest level, and have the quantiles of all their calls; what they are made of stays as it is', () => {
  const parts = [
    rollup('a', 0, { duration: histogram(0.1, 0.1, 0.1), calls: 3, waiting: 4, restarts: 1 }),
    rollup('a', 4, { duration: histogram(2), failed: 1, memoryBytes: 9 }),
    rollup('a', 5),
    rollup('b', 1),
  ];
  const [first, second, third] = inSteps(parts, 5 * MINUTE);
  expect(first).toMatchObject({ deployment: 'a', start: 0, calls: 4, failed: 1, waiting: 4, restarts: 1, memoryBytes: 9, cpuSeconds: 1 });
  expect([first?.duration.count, first?.duration.quantile(1)]).toEqual([4, 2]);
  expect([second?.start, third?.deployment]).toEqual([5 * MINUTE, 'b']);
  expect(parts.map(({ duration }) => duration.count)).toEqual([3, 1, 1, 1]);
});

test('a span is shown in about a hundred points', () => {
  expect([1, 2, 10, 24, 24 * 7, 24 * 30, 24 * 90].map((hours) => stepFor(hours * 60 * MINUTE))).toEqual([60, 60, 300, 900, 21_600, 21_600, 86_400]);
});
