import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { CALIBRATION_BINS, expectedCalibrationError, reliabilityBins, topConfidences } from './index.ts';

interface Case {
  readonly positive: readonly number[];
  readonly scores: readonly number[];
  readonly bins: number;
  readonly reliability: readonly (readonly [count: number, confidence: number, accuracy: number])[];
  readonly ece: number;
}

describe('calibration', () => {
  const cases = readGolden<Case>('binary').map((one) => ({ ...one, positive: one.positive.map(Boolean) }));

  test('Q3: 240 cases have the bins of scikit-learn’s calibration_curve and the ECE of them', () => {
    const faults = differences(cases, ({ scores, positive, bins, reliability, ece }) => ({
      ece: [expectedCalibrationError(scores, positive, bins), ece],
      bins: [
        reliabilityBins(scores, positive, bins)
          .filter(({ count }) => count > 0)
          .map(({ count, confidence, accuracy }) => [count, confidence, accuracy]),
        reliability,
      ],
    }));
    expect(cases).toHaveLength(240);
    expect(faults).toEqual([]);
  });

  test('Q3: the ECE of perfectly calibrated confidences is 0, of certain errors 1', () => {
    const confidences = [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75, 0, 1];
    const correct = [true, false, false, false, true, true, true, false, false, true];
    expect(expectedCalibrationError(confidences, correct)).toBe(0);
    expect(expectedCalibrationError([1, 1], [false, false])).toBe(1);
  });

  test('Q3: there are 15 bins of equal width by default, open below and closed above', () => {
    const bins = reliabilityBins([0, 0.2, 1], [true, true, true]);
    expect(bins).toHaveLength(CALIBRATION_BINS);
    expect(CALIBRATION_BINS).toBe(15);
    expect(bins.flatMap(({ count }, bin) => (count > 0 ? [bin] : []))).toEqual([0, 2, 14]);
    expect(bins[1]).toMatchObject({ count: 0, confidence: undefined, accuracy: undefined });
    expect(bins[14]!.to).toBe(1);
  });

  test('Q3: the confidence of a classifier is its best probability', () => {
    const scores = [
      [0.2, 0.8],
      [0.5, 0.5],
    ];
    expect(topConfidences({ actual: ['b', 'b'], classes: ['a', 'b'], scores })).toEqual({ confidences: [0.8, 0.5], correct: [true, false] });
  });

  test('Q1: NaN, a confidence over 1, columns that do not fit and no bins are refused', () => {
    expect(() => expectedCalibrationError([Number.NaN], [true])).toThrow(/confidences\[0\] is NaN/);
    expect(() => expectedCalibrationError([1.1], [true])).toThrow(/accepted are numbers from 0 to 1/);
    expect(() => expectedCalibrationError([1], [])).toThrow(/rows/);
    expect(() => expectedCalibrationError([1], [true], 0)).toThrow(/bins is 0; accepted are whole numbers from 1 to 1000/);
  });
});
