import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import {
  bootstrapInterval,
  bootstrapMeanInterval,
  mcNemar,
  meanInterval,
  normalQuantile,
  pairedBootstrapTest,
  pairedPermutationTest,
  seededRandom,
  wilsonInterval,
} from './index.ts';

interface Case {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly seed: number;
  readonly level: number;
  readonly rounds: number;
  readonly mean: readonly [mean: number, standardError: number, low: number, high: number];
  readonly bootstrap: readonly [low: number, high: number];
  readonly pairedBootstrap: readonly [difference: number, low: number, high: number, p: number];
  readonly permutation: readonly [exact: number, sampled: number];
  readonly wilson: readonly [successes: number, trials: number, low: number, high: number];
  readonly mcNemar: readonly [onlyFirst: number, onlySecond: number, p: number];
  readonly normalQuantile: readonly [p: number, z: number];
}

/** Two columns of verdicts in which `first` alone is right a times and `second` alone b times. */
const verdicts = (a: number, b: number) => {
  const first = Array.from({ length: a + b + 2 }, (_, row) => row < a || row === a + b);
  return [first, first.map((right, row) => (row < a + b ? !right : right))] as const;
};

describe('statistics', () => {
  const cases = readGolden<Case>('statistics');

  test('Q1: 240 cases agree with SciPy: mean interval, Wilson interval, normal quantile', () => {
    const faults = differences(cases, (one) => {
      const { mean, standardError, interval } = meanInterval(one.first, one.level);
      const [successes, trials, ...wilson] = one.wilson;
      const { low, high } = wilsonInterval(successes, trials, one.level);
      return {
        mean: [[mean, standardError, interval?.low, interval?.high], one.mean],
        wilson: [[low, high], wilson],
        normalQuantile: [normalQuantile(one.normalQuantile[0]), one.normalQuantile[1]],
      };
    });
    expect(cases).toHaveLength(240);
    expect(faults).toEqual([]);
  });

  test('Q1: 240 cases agree with NumPy on the same resamples: bootstrap interval, paired bootstrap', () => {
    const faults = differences(cases, ({ first, second, seed, level, rounds, ...expected }) => {
      const options = () => ({ random: seededRandom(seed), resamples: rounds, level });
      const { low, high } = bootstrapMeanInterval(first, options());
      const { difference, interval, p } = pairedBootstrapTest(first, second, options());
      return { bootstrap: [[low, high], expected.bootstrap], pairedBootstrap: [[difference, interval.low, interval.high, p], expected.pairedBootstrap] };
    });
    expect(faults).toEqual([]);
  });

  test('Q1: 240 cases agree with SciPy: exact permutation test, exact McNemar test; sampled permutations as the reference draws them', () => {
    const faults = differences(cases, ({ first, second, seed, rounds, ...expected }) => {
      const [onlyFirst, onlySecond] = expected.mcNemar;
      const tested = mcNemar(...verdicts(onlyFirst, onlySecond));
      const exact = pairedPermutationTest(first, second, seededRandom(seed), 2 ** first.length).p;
      const isSampled = 2 ** first.length > rounds;
      return {
        exact: [exact, expected.permutation[0]],
        sampled: isSampled ? [pairedPermutationTest(first, second, seededRandom(seed), rounds).p, expected.permutation[1]] : [0, 0],
        mcNemar: [[tested.onlyFirst, tested.onlySecond, tested.p], expected.mcNemar],
      };
    });
    expect(faults).toEqual([]);
  });

  test('Q6: the same seed gives the same interval, another seed another', () => {
    const values = Array.from({ length: 40 }, (_, row) => Math.sin(row));
    const at = (seed: number) => bootstrapMeanInterval(values, { random: seededRandom(seed) });
    expect(at(7)).toEqual(at(7));
    expect(at(7)).not.toEqual(at(8));
  });

  test('Q1: a statistic other than the mean gets the rows of its resample', () => {
    const largest = (rows: Uint32Array) => Math.max(...rows);
    expect(bootstrapInterval(100, largest, { random: seededRandom(1) }).high).toBe(99);
  });

  test('Q1: a large McNemar test does not underflow, and agreement is no difference', () => {
    expect(mcNemar(...verdicts(10_000, 10_000)).p).toBe(1);
    expect(mcNemar(...verdicts(9_800, 10_200)).p).toBeCloseTo(0.00477, 4);
    expect(mcNemar([true], [true]).p).toBe(1);
  });

  test('Q1: one value has a mean and no interval', () => {
    expect(meanInterval([3])).toEqual({ mean: 3, standardError: undefined, interval: undefined });
  });

  test('Q1: NaN, columns that do not fit, and levels, counts and seeds that are none are refused', () => {
    const random = seededRandom(0);
    expect(() => meanInterval([])).toThrow(/values is empty/);
    expect(() => meanInterval([Number.NaN])).toThrow(/values\[0\] is NaN/);
    expect(() => meanInterval([1, 2], 1)).toThrow('mean: level is 1; accepted are numbers between 0 and 1, both excluded.');
    expect(() => bootstrapMeanInterval([1], { random, resamples: 0 })).toThrow(/resamples is 0; accepted are whole numbers from 1 to 100000/);
    expect(() => bootstrapInterval(1, () => Number.NaN, { random })).toThrow(/statistic\[0\] is NaN/);
    expect(() => wilsonInterval(2, 1)).toThrow(/successes is 2; accepted are whole numbers from 0 to 1/);
    expect(() => mcNemar([true], [])).toThrow(/first has 1 rows and second has 0/);
    expect(() => pairedPermutationTest([1], [Infinity], random)).toThrow(/second\[0\] is Infinity/);
    expect(() => normalQuantile(0)).toThrow(RangeError);
    expect(() => seededRandom(-1)).toThrow(/seed is -1; accepted are whole numbers from 0 to 4294967295/);
  });
});
