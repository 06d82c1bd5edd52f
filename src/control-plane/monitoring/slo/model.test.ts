import { expect, test } from 'vitest';
import { budgetLeft, burnRate, burns, type Counted, type Objective } from './model.ts';

const MINUTE = 60_000;
const NOW = 1_000 * 60 * MINUTE;
const OBJECTIVE: Objective = { deployment: 'a', orgId: 'o', availability: 0.999, latency: undefined, windowDays: 30 };
/** A row a minute, back from now. */
const minutes = (count: number, of: (ago: number) => Partial<Counted>): Counted[] =>
  Array.from({ length: count }, (_, index) => ({ start: NOW - (index + 1) * MINUTE, calls: 1_000, failed: 0, slow: 0, ...of(index + 1) })).toReversed();

test('a burn rate of 1 spends the budget in its window; the workbook’s 2 % in an hour of 30 days is 14.4', () => {
  expect(burnRate(1, 1_000, 0.999)).toBeCloseTo(1, 9);
  expect(burnRate(0, 0, 0.999)).toBe(0);
  expect(0.02 * ((30 * 24) / 1)).toBeCloseTo(14.4, 9);
  expect(0.05 * ((30 * 24) / 6)).toBeCloseTo(6, 9);
  expect([budgetLeft(0, 1_000, 0.999), budgetLeft(1, 1_000, 0.999), budgetLeft(3, 1_000, 0.999)].map((left) => Number(left.toFixed(6)))).toEqual([1, 0, -2]);
});

test('a whole hour of errors burns both windows of a pair; six hours the other too', () => {
  const [hour, six] = burns(
    OBJECTIVE,
    minutes(360, (ago) => ({ failed: ago <= 60 ? 20 : 0 })),
    NOW,
  );
  expect(hour).toMatchObject({ windows: '1h/5m', pageAbove: 14.4 });
  expect([hour?.long, hour?.short, hour?.rate, six?.long, six?.short, six?.rate].map((rate) => Number(rate?.toFixed(6)))).toEqual([20, 20, 20, 3.333333, 20, 3.333333]);
});

test('a blip does not page, and neither does trouble that is over', () => {
  const blip = burns(
    OBJECTIVE,
    minutes(360, (ago) => ({ failed: ago <= 2 ? 200 : 0 })),
    NOW,
  )[0];
  expect([blip?.long, blip?.short].map((rate) => Number(rate?.toFixed(4)))).toEqual([6.6667, 80]);
  expect(blip?.rate).toBeLessThan(14.4);
  const over = burns(
    OBJECTIVE,
    minutes(360, (ago) => ({ failed: ago > 10 && ago <= 60 ? 100 : 0 })),
    NOW,
  )[0];
  expect([Number(over?.long.toFixed(4)), over?.short, over?.rate]).toEqual([83.3333, 0, 0]);
});

test('where latency is promised too, the objective that burns faster counts, by itself', () => {
  const objective = { ...OBJECTIVE, latency: { ms: 500, share: 0.99 } };
  const [hour] = burns(
    objective,
    minutes(60, () => ({ failed: 1, slow: 300 })),
    NOW,
  );
  expect(Number(hour?.rate.toFixed(6))).toBe(30);
  const apart = burns(
    objective,
    minutes(60, (ago) => (ago <= 5 ? { failed: 100 } : { slow: 500 })),
    NOW,
  )[0];
  expect(Number(apart?.rate.toFixed(4))).toBe(8.3333);
});
