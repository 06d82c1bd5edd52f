import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DurationHistogram } from './histogram.ts';

test('a quantile is the value’s own, within one eighth, for values from 1 ms to 1000 s', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 200 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
      const histogram = new DurationHistogram();
      for (const value of values) histogram.observe(value);
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? Number.NaN;
      const found = histogram.quantile(q);
      expect(found).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
      expect(found).toBeLessThanOrEqual(exact * 1.125 + 1e-12);
    }),
  );
});

test('cumulative counts are exact at powers of two, and end with all', () => {
  const histogram = new DurationHistogram();
  for (const value of [0, 0.0001, 2 ** -10, 0.25, 0.2500001, 1, 5_000]) histogram.observe(value);
  const counts = new Map(histogram.cumulative());
  expect([counts.get(2 ** -10), counts.get(0.25), counts.get(0.5), counts.get(1), counts.get(Number.POSITIVE_INFINITY)]).toEqual([3, 4, 5, 6, 7]);
  expect(histogram.count).toBe(7);
});

test('two merged are as one that saw it all', () => {
  const [a, b, all] = [new DurationHistogram(), new DurationHistogram(), new DurationHistogram()];
  for (const [index, value] of [0.003, 0.1, 4, 0.02, 77].entries()) {
    (index % 2 ? a : b).observe(value);
    all.observe(value);
  }
  a.merge(b);
  expect([...a.cumulative()]).toEqual([...all.cumulative()]);
  expect(a.quantile(0.5)).toBe(all.quantile(0.5));
  expect(a.sumSeconds).toBeCloseTo(all.sumSeconds);
});

test('a histogram survives being kept as text, and what was counted since an earlier copy is the difference', () => {
  const histogram = new DurationHistogram();
  for (const seconds of [0.0001, 0.004, 0.004, 1.5, 5_000]) histogram.observe(seconds);
  const copy = DurationHistogram.fromText(histogram.toText());
  expect([...copy.cumulative()]).toEqual([...histogram.cumulative()]);
  expect([copy.count, copy.quantile(0.5)]).toEqual([5, histogram.quantile(0.5)]);
  expect(copy.sumSeconds).toBeCloseTo(histogram.sumSeconds, 9);
  histogram.observe(0.5);
  const added = histogram.since(copy);
  expect([added.count, added.quantile(1)]).toEqual([1, 0.5]);
  expect(added.sumSeconds).toBeCloseTo(0.5, 6);
  expect(DurationHistogram.fromText('').count).toBe(0);
  expect(DurationHistogram.fromText('1 zzz:5 1:- 2:-1 3').count).toBe(0);
});

test('those above a time are never counted too low, and at most by what lies within an eighth of it', () => {
  const histogram = new DurationHistogram();
  for (const seconds of [0.1, 0.25, 0.26, 1, 2_000]) histogram.observe(seconds);
  expect([0.05, 0.25, 0.3, 1, 1_023].map((seconds) => histogram.countAbove(seconds))).toEqual([5, 3, 2, 1, 1]);
  expect(histogram.countAbove(0.27)).toBe(3);
});
