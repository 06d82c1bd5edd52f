import { checkNumbers, checkRows } from './checks.ts';
import { meanOver, sumOver } from './numbers.ts';

/** A column whose values differ by less than this share of their size does not vary: what is left is rounding. */
const CONSTANT_TOLERANCE = 1e-13;

/**
 * Pearson's r: the covariance of two columns over the product of their standard deviations, −1 … 1. Undefined where a column does not vary, or
 * for one example. Throws RangeError for columns that do not fit or numbers that are not finite. Source: SciPy, `pearsonr`.
 */
export function pearson(first: readonly number[], second: readonly number[]): number | undefined {
  const count = checkRows('pearson', { first, second });
  checkNumbers('pearson', 'first', first);
  checkNumbers('pearson', 'second', second);
  const [a, b] = [centred(first), centred(second)];
  if (a === undefined || b === undefined) return undefined;
  return Math.max(
    -1,
    Math.min(
      1,
      sumOver(count, (row) => a[row]! * b[row]!),
    ),
  );
}

/** Spearman's ρ: Pearson's r of the ranks; equal values share the mean of their ranks. Undefined and throws as `pearson`. Source: SciPy, `spearmanr`. */
export function spearman(first: readonly number[], second: readonly number[]): number | undefined {
  checkRows('spearman', { first, second });
  checkNumbers('spearman', 'first', first);
  checkNumbers('spearman', 'second', second);
  return pearson(ranksOf(first), ranksOf(second));
}

/** The rank of each value, from 1; equal values share the mean of theirs. Source: SciPy, `rankdata`. */
export function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].toSorted((a, b) => values[a]! - values[b]!);
  const ranks = Array.from<number>({ length: values.length });
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** The column without its mean, at length 1; undefined where it does not vary. */
function centred(values: readonly number[]): readonly number[] | undefined {
  const mean = meanOver(values.length, (row) => values[row]!);
  const deviations = values.map((value) => value - mean);
  const largest = deviations.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  if (largest <= CONSTANT_TOLERANCE * Math.abs(mean)) return undefined;
  // Scaled first, so that no square of a small or large number is lost.
  const scaled = deviations.map((one) => one / largest);
  const length = Math.sqrt(sumOver(scaled.length, (row) => scaled[row]! ** 2));
  return scaled.map((one) => one / length);
}
