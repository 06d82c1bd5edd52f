import { checkCount, checkNumbers, checkOpenShare, checkRows } from './checks.ts';
import { normalQuantile } from './normal.ts';
import { mean, quantileOfSorted, sumOver } from './numbers.ts';
import { pick, type Random } from './random.ts';

const CONFIDENCE_LEVEL = 0.95;
const RESAMPLES = 1_000;
export const RESAMPLES_MAX = 100_000;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface MeanInterval {
  readonly mean: number;
  /** Sample standard deviation (n−1) / √n; undefined for one value, and so are the ends. */
  readonly standardError: number | undefined;
  readonly interval: Interval | undefined;
}

export interface ResamplingOptions {
  readonly random: Random;
  /** How many resamples, 1 … 100 000; 1000 by default. */
  readonly resamples?: number;
  /** 0.95 by default. */
  readonly level?: number;
}

/**
 * The mean of one value per example and its confidence interval mean ± z·s/√n, by the normal approximation (fair for n ≥ 30).
 * Throws RangeError for none, NaN, or a level outside (0, 1). Source: lm-eval, `mean_stderr`; SciPy, `norm.interval`.
 */
export function meanInterval(values: readonly number[], level = CONFIDENCE_LEVEL): MeanInterval {
  const count = checkRows('mean', { values });
  checkNumbers('mean', 'values', values);
  checkOpenShare('mean', 'level', level);
  const centre = mean(values);
  if (count < 2) return { mean: centre, standardError: undefined, interval: undefined };
  const variance = sumOver(count, (row) => (values[row]! - centre) ** 2) / (count - 1);
  const standardError = Math.sqrt(variance / count);
  const reach = normalQuantile((1 + level) / 2) * standardError;
  return { mean: centre, standardError, interval: { low: centre - reach, high: centre + reach } };
}

/**
 * The percentile bootstrap interval of any statistic: `statistic` gets the rows of one resample (count of them, drawn with replacement from
 * 0 … count−1; the array is reused) and returns a number. The same `random` gives the same interval. Throws RangeError for a count, level or
 * number of resamples that is not accepted, or a statistic that is not finite. Source: Efron and Tibshirani 1993, §13.3; quantiles as NumPy's.
 */
export function bootstrapInterval(count: number, statistic: (rows: Uint32Array) => number, options: ResamplingOptions): Interval {
  const { random, resamples = RESAMPLES, level = CONFIDENCE_LEVEL } = options;
  checkCount('bootstrap', 'count', count, { min: 1 });
  checkCount('bootstrap', 'resamples', resamples, { min: 1, max: RESAMPLES_MAX });
  checkOpenShare('bootstrap', 'level', level);
  const rows = new Uint32Array(count);
  const found = new Float64Array(resamples);
  for (let draw = 0; draw < resamples; draw++) {
    for (let slot = 0; slot < count; slot++) rows[slot] = pick(random, count);
    found[draw] = statistic(rows);
  }
  checkNumbers('bootstrap', 'statistic', found);
  const sorted = found.toSorted();
  return { low: quantileOfSorted(sorted, (1 - level) / 2), high: quantileOfSorted(sorted, (1 + level) / 2) };
}

/** The percentile bootstrap interval of the mean of one value per example. Throws as `bootstrapInterval`, and for NaN. */
export function bootstrapMeanInterval(values: readonly number[], options: ResamplingOptions): Interval {
  const count = checkRows('bootstrap', { values });
  checkNumbers('bootstrap', 'values', values);
  return bootstrapInterval(count, (rows) => sumOver(count, (slot) => values[rows[slot]!]!) / count, options);
}

/**
 * The score interval of a proportion of `successes` in `trials`; it stays within 0 … 1 and has a width also at 0 and 1. Throws RangeError for
 * counts that are not whole, no trial, or successes over trials. Source: Wilson 1927; SciPy, `binomtest().proportion_ci(method="wilson")`.
 */
export function wilsonInterval(successes: number, trials: number, level = CONFIDENCE_LEVEL): Interval {
  checkCount('wilson', 'trials', trials, { min: 1 });
  checkCount('wilson', 'successes', successes, { max: trials });
  checkOpenShare('wilson', 'level', level);
  const z = normalQuantile((1 + level) / 2);
  const share = successes / trials;
  const scale = 1 + z ** 2 / trials;
  const centre = (share + z ** 2 / (2 * trials)) / scale;
  const reach = (z / scale) * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  return { low: successes === 0 ? 0 : centre - reach, high: successes === trials ? 1 : centre + reach };
}
