import { checkNumbers, checkRows } from './checks.ts';
import { mean, meanOver, median, sumOver } from './numbers.ts';

/** The least |truth| that a percentage error divides by: the machine epsilon of a double, as in scikit-learn. */
const PERCENTAGE_ERROR_EPS = Number.EPSILON;

/** The true and the predicted value of each example, finite numbers in the unit of the quantity. */
type Values = readonly number[];

/*
 * Each function takes one true and one predicted value per example and throws RangeError for columns of different lengths, none, or a value
 * that is not finite. The source is the function of the same name in scikit-learn (https://scikit-learn.org/stable/modules/model_evaluation.html).
 */

/** Mean |error|, in the quantity's unit: ≥ 0, lower is better. scikit-learn: `mean_absolute_error`. */
export function meanAbsoluteError(actual: Values, predicted: Values): number {
  const error = errors('mean_absolute_error', actual, predicted);
  return meanOver(error.length, (row) => Math.abs(error[row]!));
}

/** Mean error², in the unit squared: ≥ 0, lower is better. scikit-learn: `mean_squared_error`. */
export function meanSquaredError(actual: Values, predicted: Values): number {
  const error = errors('mean_squared_error', actual, predicted);
  return meanOver(error.length, (row) => error[row]! ** 2);
}

/** √MSE, in the quantity's unit: ≥ 0, lower is better. scikit-learn: `root_mean_squared_error`. */
export function rootMeanSquaredError(actual: Values, predicted: Values): number {
  return Math.sqrt(meanSquaredError(actual, predicted));
}

/** Mean (ln(1+y) − ln(1+p))²: ≥ 0, lower is better; every value must be over −1. scikit-learn: `mean_squared_log_error`. */
export function meanSquaredLogError(actual: Values, predicted: Values): number {
  const metric = 'mean_squared_log_error';
  const count = checkRows(metric, { actual, predicted });
  for (const [name, values] of Object.entries({ actual, predicted })) {
    checkNumbers(metric, name, values);
    const row = values.findIndex((value) => value <= -1);
    if (row >= 0) throw new RangeError(`${metric}: ${name}[${row}] is ${values[row]}; accepted are numbers over -1.`);
  }
  return meanOver(count, (row) => (Math.log1p(actual[row]!) - Math.log1p(predicted[row]!)) ** 2);
}

/** The median |error|, in the quantity's unit: ≥ 0, lower is better. scikit-learn: `median_absolute_error`. */
export function medianAbsoluteError(actual: Values, predicted: Values): number {
  return median(errors('median_absolute_error', actual, predicted).map(Math.abs));
}

/**
 * Mean |error| / max(|y|, eps) as a share (0.1 is 10 %): ≥ 0, lower is better; enormous, not infinite, where a truth is 0.
 * scikit-learn: `mean_absolute_percentage_error`.
 */
export function meanAbsolutePercentageError(actual: Values, predicted: Values): number {
  const error = errors('mean_absolute_percentage_error', actual, predicted);
  return meanOver(error.length, (row) => Math.abs(error[row]!) / Math.max(Math.abs(actual[row]!), PERCENTAGE_ERROR_EPS));
}

/** The largest |error|, in the quantity's unit: ≥ 0, lower is better. scikit-learn: `max_error`. */
export function maxError(actual: Values, predicted: Values): number {
  return errors('max_error', actual, predicted).reduce((most, error) => Math.max(most, Math.abs(error)), 0);
}

/**
 * R² = 1 − Σ error² / Σ (y − ȳ)²: at most 1, higher is better, 0 for always guessing the mean; `undefined` for one example. For a constant truth
 * 1 if every prediction is right, else 0. scikit-learn: `r2_score` with `force_finite`.
 */
export function r2(actual: Values, predicted: Values): number | undefined {
  const error = errors('r2', actual, predicted);
  const centre = centreOf(actual);
  if (actual.length < 2) return undefined;
  return explained(
    sumOver(error.length, (row) => error[row]! ** 2),
    sumOver(error.length, (row) => (actual[row]! - centre) ** 2),
  );
}

/**
 * 1 − Var(error) / Var(y): at most 1, higher is better; unlike R² it forgives a constant offset. For a constant truth 1 if the error is constant,
 * else 0. scikit-learn: `explained_variance_score` with `force_finite`.
 */
export function explainedVariance(actual: Values, predicted: Values): number {
  return explained(variance(errors('explained_variance', actual, predicted)), variance(actual));
}

/**
 * D² = 1 − Σ |error| / Σ |y − median(y)|: at most 1, higher is better, 0 for always guessing the median; `undefined` for one example. For a
 * constant truth 1 if every prediction is right, else 0. scikit-learn: `d2_absolute_error_score`.
 */
export function d2AbsoluteError(actual: Values, predicted: Values): number | undefined {
  const error = errors('d2_absolute_error', actual, predicted);
  const centre = median(actual);
  if (actual.length < 2) return undefined;
  return explained(
    sumOver(error.length, (row) => Math.abs(error[row]!)),
    sumOver(error.length, (row) => Math.abs(actual[row]! - centre)),
  );
}

function errors(metric: string, actual: Values, predicted: Values): number[] {
  checkRows(metric, { actual, predicted });
  checkNumbers(metric, 'actual', actual);
  checkNumbers(metric, 'predicted', predicted);
  return actual.map((value, row) => value - predicted[row]!);
}

function variance(values: readonly number[]): number {
  const centre = centreOf(values);
  return meanOver(values.length, (row) => (values[row]! - centre) ** 2);
}

/** The mean; of equal values that very value, which a rounded sum might miss by a digit and so find something to explain. */
function centreOf(values: readonly number[]): number {
  return values.every((value) => value === values[0]) ? values[0]! : mean(values);
}

/** 1 − left / total, finite also where there is nothing to explain. */
function explained(left: number, total: number): number {
  if (left === 0) return 1;
  return total === 0 ? 0 : 1 - left / total;
}
