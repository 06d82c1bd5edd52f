import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { pearson, ranksOf, spearman } from './index.ts';

interface Case {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly pearson: number | null;
  readonly spearman: number | null;
  readonly ranks: readonly number[];
}

describe('correlation', () => {
  const cases = readGolden<Case>('correlation');

  test('Q1: 240 cases agree with SciPy: Pearson, Spearman with ties, ranks; a column that does not vary has none', () => {
    const faults = differences(cases, ({ first, second, ...expected }) => ({
      pearson: [pearson(first, second), expected.pearson],
      spearman: [spearman(first, second), expected.spearman],
      ranks: [ranksOf(first), expected.ranks],
    }));
    expect(cases).toHaveLength(240);
    expect(cases.filter((one) => one.pearson === null).length).toBeGreaterThan(10);
    expect(faults).toEqual([]);
  });

  test('Q1: numbers at the ends of their range are not lost, and columns that do not fit are refused', () => {
    expect(pearson([1e-200, 2e-200, 3e-200], [1, 2, 3])).toBeCloseTo(1, 12);
    expect(pearson([1e200, -1e200, 0], [1, -1, 0])).toBeCloseTo(1, 12);
    expect(pearson([0.1 + 0.2, 0.3, 0.3], [1, 2, 3])).toBeUndefined();
    expect(() => pearson([1, 2], [1])).toThrow(RangeError);
    expect(() => spearman([1, Number.NaN], [1, 2])).toThrow(/first\[1\] is NaN/);
  });
});
