import { checkCount, checkNumbers, checkRows } from './checks.ts';
import { bootstrapInterval, RESAMPLES_MAX, type Interval, type ResamplingOptions } from './intervals.ts';
import { mean, sum, sumOver } from './numbers.ts';
import type { Random } from './random.ts';

/** How two versions compare on the same examples. `difference` is the mean of first − second. */
export interface PairedComparison {
  readonly difference: number;
  /** Two-sided: how often a difference at least this large comes about when the versions are equally good. */
  readonly p: number;
}

export interface McNemar {
  /** Examples that only the first, and only the second version got right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly p: number;
}

const PERMUTATIONS = 10_000;

/** Sums of the same numbers in another order differ by less than this share of their size; such sums are equal. */
const TIE_TOLERANCE = 1e-12;

/**
 * Whether two versions differ in accuracy: the exact McNemar test, a two-sided binomial test of ½ on the examples that only one got right.
 * `first` and `second` say per example whether it was right. p is 1 when none differs. Throws RangeError when the columns do not fit.
 * Source: McNemar 1947; Dietterich 1998; SciPy, `binomtest(b, b + c, 0.5)`.
 */
export function mcNemar(first: readonly boolean[], second: readonly boolean[]): McNemar {
  const count = checkRows('mcnemar', { first, second });
  const only = (mine: readonly boolean[], other: readonly boolean[]): number => sumOver(count, (row) => Number(mine[row] && !other[row]));
  const [onlyFirst, onlySecond] = [only(first, second), only(second, first)];
  return { onlyFirst, onlySecond, p: twoSidedFairCoin(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond) };
}

/**
 * Whether two versions differ in the mean of any score: the paired permutation test, which swaps the versions' scores example by example. All
 * 2ⁿ swaps when they are at most `permutations` (10 000 by default; exact), else that many by `random`, then p = (b+1)/(m+1). One finite score per
 * example each. Throws RangeError when the columns do not fit, NaN, or permutations outside 1 … 100 000.
 * Source: Fisher 1935; Phipson and Smyth 2010; SciPy, `permutation_test(permutation_type="samples")`.
 */
export function pairedPermutationTest(first: readonly number[], second: readonly number[], random: Random, permutations = PERMUTATIONS): PairedComparison {
  const differences = differencesOf('permutation_test', first, second);
  checkCount('permutation_test', 'permutations', permutations, { min: 1, max: RESAMPLES_MAX });
  const observed = sum(differences);
  const enough = Math.abs(observed) - TIE_TOLERANCE * sum(differences.map(Math.abs));
  const isExact = 2 ** differences.length <= permutations;
  const rounds = isExact ? 2 ** differences.length : permutations;
  let asLarge = 0;
  for (let round = 0; round < rounds; round++) {
    const swapped = (row: number): boolean => (isExact ? ((round >>> row) & 1) === 1 : random() < 1 / 2);
    const total = sumOver(differences.length, (row) => (swapped(row) ? -differences[row]! : differences[row]!));
    if (Math.abs(total) >= enough) asLarge++;
  }
  return { difference: observed / differences.length, p: isExact ? asLarge / rounds : (asLarge + 1) / (rounds + 1) };
}

/**
 * Whether two versions differ in the mean of any score: the paired bootstrap. `interval` is the percentile interval of the difference, and p the share
 * of resamples whose difference is at least as far from the observed one as that is from 0, as (b+1)/(m+1). Arguments as `pairedPermutationTest`;
 * resamples as `bootstrapInterval`. Source: Koehn 2004; Efron and Tibshirani 1993, §16.4; sacrebleu, `significance.py`.
 */
export function pairedBootstrapTest(first: readonly number[], second: readonly number[], options: ResamplingOptions): PairedComparison & { readonly interval: Interval } {
  const differences = differencesOf('paired_bootstrap', first, second);
  const difference = mean(differences);
  const enough = Math.abs(difference) - TIE_TOLERANCE * mean(differences.map(Math.abs));
  let [asLarge, rounds] = [0, 0];
  const statistic = (rows: Uint32Array): number => {
    const resampled = sumOver(rows.length, (slot) => differences[rows[slot]!]!) / rows.length;
    rounds++;
    if (Math.abs(resampled - difference) >= enough) asLarge++;
    return resampled;
  };
  const interval = bootstrapInterval(differences.length, statistic, options);
  return { difference, interval, p: (asLarge + 1) / (rounds + 1) };
}

function differencesOf(metric: string, first: readonly number[], second: readonly number[]): readonly number[] {
  checkRows(metric, { first, second });
  checkNumbers(metric, 'first', first);
  checkNumbers(metric, 'second', second);
  return first.map((value, row) => value - second[row]!);
}

/** min(1, 2 · P(at most `heads` of `tosses`)) of a fair coin. Each term follows from the next larger one, so that nothing underflows. */
function twoSidedFairCoin(heads: number, tosses: number): number {
  const logTerm = sumOver(heads, (index) => Math.log((tosses - heads + index + 1) / (index + 1))) - tosses * Math.LN2;
  let [ratio, total] = [1, 0];
  for (let count = heads; count >= 0; count--) {
    total += ratio;
    ratio *= count / (tosses - count + 1);
  }
  return Math.min(1, 2 * Math.exp(logTerm) * total);
}
