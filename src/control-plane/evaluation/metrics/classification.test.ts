import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { accuracy, balancedAccuracy, classificationReport, confusionMatrix, type Label, matthewsCorrelation, type PrecisionRecallF1 } from './index.ts';
import { MATRIX_CLASSES_MAX } from './labels.ts';

interface Case {
  readonly actual: readonly Label[];
  readonly predicted: readonly Label[];
  readonly labels: readonly Label[] | null;
  readonly accuracy: number;
  readonly balanced: number;
  readonly mcc: number;
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly (readonly number[])[];
  readonly zeroDivision: readonly (readonly boolean[])[];
  readonly micro: readonly number[];
  readonly macro: readonly number[];
  readonly weighted: readonly number[];
}

const triple = ({ precision, recall, f1 }: PrecisionRecallF1) => [precision, recall, f1];

describe('labels', () => {
  const cases = readGolden<Case>('classification');

  test('Q1: 240 cases agree with scikit-learn: counts, ratios by class, averages, balanced accuracy, MCC', () => {
    const faults = differences(cases, (one) => {
      const labels = one.labels ?? undefined;
      const report = classificationReport(one.actual, one.predicted, labels);
      return {
        accuracy: [accuracy(one.actual, one.predicted), one.accuracy],
        balanced: [balancedAccuracy(one.actual, one.predicted), one.balanced],
        mcc: [matthewsCorrelation(one.actual, one.predicted), one.mcc],
        confusion: [confusionMatrix(one.actual, one.predicted, labels).counts, one.confusion],
        classes: [report.classes.map((ratios) => [...triple(ratios), ratios.support]), one.classes],
        zeroDivision: [report.classes.map(({ zeroDivision }) => (['precision', 'recall', 'f1'] as const).map((ratio) => zeroDivision.includes(ratio))), one.zeroDivision],
        micro: [triple(report.micro), one.micro],
        macro: [triple(report.macro), one.macro],
        weighted: [triple(report.weighted), one.weighted],
      };
    });
    expect(cases).toHaveLength(240);
    expect(faults).toEqual([]);
  });

  test('Q1: the fixtures have zero division, a missing class and a single class', () => {
    expect(cases.filter((one) => one.zeroDivision.flat().includes(true)).length).toBeGreaterThan(50);
    expect(cases.filter((one) => one.actual.every((label) => label === one.actual[0])).length).toBeGreaterThan(50);
    expect(cases.filter((one) => one.predicted.some((label) => !one.actual.includes(label))).length).toBeGreaterThan(50);
  });

  test('Q2: with one label per example micro F1 is the accuracy, macro the plain mean, weighted the mean by support', () => {
    for (const { actual, predicted } of cases) {
      const { classes, micro, macro, weighted } = classificationReport(actual, predicted);
      expect(micro.f1).toBeCloseTo(accuracy(actual, predicted), 12);
      expect(macro.f1).toBeCloseTo(classes.reduce((total, { f1 }) => total + f1, 0) / classes.length, 12);
      expect(weighted.f1).toBeCloseTo(classes.reduce((total, { f1, support }) => total + f1 * support, 0) / actual.length, 12);
    }
  });

  test('Q1: a zero division is 0 and named', () => {
    const { classes, macro } = classificationReport(['a', 'a'], ['a', 'b']);
    expect(classes[1]).toMatchObject({ label: 'b', precision: 0, recall: 0, f1: 0, support: 0, zeroDivision: ['recall'] });
    expect(macro.zeroDivision).toEqual(['recall']);
  });

  test('Q1: what is no classification is refused with what, where and what is accepted', () => {
    expect(() => accuracy([], [])).toThrow('accuracy: actual is empty; at least one example is needed.');
    expect(() => accuracy([1], [1, 2])).toThrow('accuracy: actual has 1 rows and predicted has 2; both must have one row per example.');
    expect(() => accuracy([1, 2], [1, Number.NaN])).toThrow(/predicted\[1\] is NaN \(number\); accepted are labels/);
    expect(() => accuracy([1], ['1'])).toThrow(/all text or all finite numbers/);
    expect(() => classificationReport([1], [1], [1, 1])).toThrow(/named twice/);
    expect(() => confusionMatrix([1], [1], [])).toThrow(/no class/);
    expect(() => confusionMatrix([1], [1], [2])).toThrow(/none of the labels is in actual/);
    const many = Array.from({ length: MATRIX_CLASSES_MAX + 1 }, (_, index) => index);
    expect(() => confusionMatrix(many, many)).toThrow(RangeError);
    expect(classificationReport(many, many).micro.f1).toBe(1);
  });
});
