import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import * as metrics from './index.ts';

interface Case {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
  readonly mae: number;
  readonly mse: number;
  readonly rmse: number;
  readonly msle: number;
  readonly medae: number;
  readonly mape: number;
  readonly max: number;
  readonly r2: number | null;
  readonly ev: number;
  readonly d2: number | null;
}

describe('regression', () => {
  const cases = readGolden<Case>('regression');

  test('Q1: 240 cases agree with scikit-learn: MAE, MSE, RMSE, median, percentage and largest error, R², explained variance, D²', () => {
    const faults = differences(cases, ({ actual, predicted, ...expected }) => ({
      mae: [metrics.meanAbsoluteError(actual, predicted), expected.mae],
      mse: [metrics.meanSquaredError(actual, predicted), expected.mse],
      rmse: [metrics.rootMeanSquaredError(actual, predicted), expected.rmse],
      medae: [metrics.medianAbsoluteError(actual, predicted), expected.medae],
      mape: [metrics.meanAbsolutePercentageError(actual, predicted), expected.mape],
      max: [metrics.maxError(actual, predicted), expected.max],
      r2: [metrics.r2(actual, predicted), expected.r2],
      ev: [metrics.explainedVariance(actual, predicted), expected.ev],
      d2: [metrics.d2AbsoluteError(actual, predicted), expected.d2],
    }));
    expect(cases).toHaveLength(240);
    expect(cases.filter(({ r2 }) => r2 === null).length).toBeGreaterThan(5);
    expect(faults).toEqual([]);
  });

  test('Q1: 240 cases agree with scikit-learn: squared log error of the values over −1', () => {
    const lifted = (values: readonly number[]) => values.map((value) => Math.max(value, -0.999));
    expect(differences(cases, ({ actual, predicted, msle }) => ({ msle: [metrics.meanSquaredLogError(lifted(actual), lifted(predicted)), msle] }))).toEqual([]);
  });

  test('Q1: a truth that never changes is explained only by being right', () => {
    expect(metrics.r2([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])).toBe(1);
    expect(metrics.r2([0.1, 0.1, 0.1], [0.1, 0.1, 0.2])).toBe(0);
    expect(metrics.explainedVariance([3, 3], [4, 4])).toBe(1);
    expect(metrics.d2AbsoluteError([3, 3], [4, 4])).toBe(0);
  });

  test('Q1: NaN, infinity, columns that do not fit and none are refused by every function', () => {
    const { meanAbsoluteError, meanSquaredError, rootMeanSquaredError, meanSquaredLogError, medianAbsoluteError } = metrics;
    const { meanAbsolutePercentageError, maxError, r2, explainedVariance, d2AbsoluteError } = metrics;
    const errors = [meanAbsoluteError, meanSquaredError, rootMeanSquaredError, meanSquaredLogError, medianAbsoluteError];
    for (const metric of [...errors, meanAbsolutePercentageError, maxError, r2, explainedVariance, d2AbsoluteError]) {
      expect(() => metric([], [])).toThrow(/actual is empty/);
      expect(() => metric([1, 2], [1])).toThrow(/actual has 2 rows and predicted has 1/);
      expect(() => metric([1, Number.NaN], [1, 2])).toThrow(/actual\[1\] is NaN; accepted are finite numbers/);
      expect(() => metric([1, 2], [Infinity, 2])).toThrow(/predicted\[0\] is Infinity/);
    }
    expect(() => metrics.meanSquaredLogError([0], [-1])).toThrow('mean_squared_log_error: predicted[0] is -1; accepted are numbers over -1.');
  });
});
