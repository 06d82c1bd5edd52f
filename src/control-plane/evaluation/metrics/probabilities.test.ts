import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import {
  averagePrecision,
  averagePrecisionMulticlass,
  brierScore,
  brierScoreMulticlass,
  type Label,
  LOG_LOSS_EPS,
  logLoss,
  rocAuc,
  rocAucMulticlass,
  topKAccuracy,
} from './index.ts';

interface Multiclass {
  readonly actual: readonly Label[];
  readonly classes: readonly Label[];
  readonly scores: readonly (readonly number[])[];
  readonly logLoss: number;
  readonly brier: number;
  readonly topK?: readonly number[];
  readonly ovr_macro: number | null;
  readonly ovr_weighted: number | null;
  readonly ovo_macro: number | null;
  readonly ovo_weighted: number | null;
  readonly ap_macro: number;
  readonly ap_weighted: number;
}

interface Binary {
  readonly positive: readonly number[];
  readonly scores: readonly number[];
  readonly auc: number | null;
  readonly ap: number;
  readonly brier: number;
}

const examples = {
  actual: ['a', 'b'],
  classes: ['a', 'b'],
  scores: [
    [1, 0],
    [0.25, 0.75],
  ],
};
const broken = (change: object) => ({ ...examples, ...change });

describe('scores of several classes', () => {
  const cases = readGolden<Multiclass>('multiclass');
  const several = cases.filter((one) => one.topK !== undefined);

  test('Q1: 240 cases agree with scikit-learn: log-loss and Brier score', () => {
    expect(cases).toHaveLength(240);
    expect(differences(cases, (one) => ({ logLoss: [logLoss(one), one.logLoss], brier: [brierScoreMulticlass(one), one.brier] }))).toEqual([]);
  });

  test('Q1: 200 cases agree with scikit-learn: top-k accuracy, ROC-AUC by scheme and average, average precision', () => {
    const faults = differences(several, (one) => ({
      topK: [one.topK!.map((_, index) => topKAccuracy(one, index + 1)), one.topK],
      ovrMacro: [rocAucMulticlass(one, 'ovr', 'macro'), one.ovr_macro],
      ovrWeighted: [rocAucMulticlass(one, 'ovr', 'weighted'), one.ovr_weighted],
      ovoMacro: [rocAucMulticlass(one, 'ovo', 'macro'), one.ovo_macro],
      ovoWeighted: [rocAucMulticlass(one, 'ovo', 'weighted'), one.ovo_weighted],
      apMacro: [averagePrecisionMulticlass(one, 'macro'), one.ap_macro],
      apWeighted: [averagePrecisionMulticlass(one, 'weighted'), one.ap_weighted],
    }));
    expect(several).toHaveLength(200);
    expect(several.filter((one) => one.ovr_macro === null).length).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  });

  test('Q3: the log-loss of an impossible truth is clipped by eps and finite', () => {
    const certainlyWrong = {
      ...examples,
      actual: ['b', 'a'],
      scores: [
        [1, 0],
        [0, 1],
      ],
    };
    expect(logLoss(certainlyWrong)).toBeCloseTo(-Math.log(LOG_LOSS_EPS), 12);
    expect(logLoss(certainlyWrong, 1e-15)).toBeCloseTo(-Math.log(1e-15), 12);
    expect(logLoss({ ...certainlyWrong, actual: ['a', 'b'] })).toBeLessThan(1e-15);
  });

  test('Q1: rows that do not fit, NaN and what is no probability are refused', () => {
    expect(() => topKAccuracy(examples, 0)).toThrow(/k is 0; accepted are whole numbers from 1/);
    expect(() => topKAccuracy(broken({ actual: ['a'] }), 1)).toThrow(/actual has 1 rows and scores has 2/);
    expect(() => topKAccuracy(broken({ actual: ['a', 'z'] }), 1)).toThrow(/actual\[1\] is z, which is not one of the 2 classes/);
    expect(() => topKAccuracy(broken({ classes: ['a', 'b', 'c'] }), 1)).toThrow(/scores\[0\] has 2 columns; there are 3 classes/);
    expect(() => topKAccuracy({ actual: ['a'], classes: ['a'], scores: [[1]] }, 1)).toThrow(/at least 2/);
    expect(() =>
      rocAucMulticlass(
        broken({
          scores: [
            [Number.NaN, 1],
            [0, 1],
          ],
        }),
        'ovr',
        'macro',
      ),
    ).toThrow(/scores\[0\]\[0\] is NaN; accepted are finite numbers/);
    expect(() =>
      logLoss(
        broken({
          scores: [
            [1.5, -0.5],
            [0, 1],
          ],
        }),
      ),
    ).toThrow(/scores\[0\]\[0\] is 1.5; accepted are numbers from 0 to 1/);
    expect(() =>
      logLoss(
        broken({
          scores: [
            [0.2, 0.2],
            [0, 1],
          ],
        }),
      ),
    ).toThrow(/sums to 0.4/);
    expect(() => logLoss(examples, 0)).toThrow(/eps is 0/);
  });
});

describe('scores of two classes', () => {
  const cases = readGolden<Binary>('binary').map((one) => ({ ...one, positive: one.positive.map(Boolean) }));

  test('Q1: 240 cases agree with scikit-learn: ROC-AUC, average precision, Brier score', () => {
    const faults = differences(cases, ({ positive, scores, auc, ap, brier }) => ({
      auc: [rocAuc(positive, scores), auc],
      ap: [averagePrecision(positive, scores), ap],
      brier: [brierScore(positive, scores), brier],
    }));
    expect(cases).toHaveLength(240);
    expect(cases.filter(({ auc }) => auc === null).length).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  });

  test('Q2: the AUC of one class is undefined, not ½; of equal scores it is ½', () => {
    expect(rocAuc([true, true], [0.1, 0.9])).toBeUndefined();
    expect(rocAuc([false], [0.1])).toBeUndefined();
    expect(rocAuc([true, false], [1, 1])).toBe(0.5);
    expect(rocAuc([true, false, false], [5, -2, 3])).toBe(1);
  });

  test('Q1: NaN, columns that do not fit and a probability over 1 are refused', () => {
    expect(() => rocAuc([true, false], [Number.NaN, 0])).toThrow('roc_auc: scores[0] is NaN; accepted are finite numbers.');
    expect(() => averagePrecision([true], [0, 1])).toThrow(/positive has 1 rows and scores has 2/);
    expect(() => rocAuc([], [])).toThrow(/positive is empty/);
    expect(() => brierScore([true], [2])).toThrow(/probabilities\[0\] is 2; accepted are numbers from 0 to 1/);
  });
});
