import { checkRows } from './checks.ts';
import { checkLabels, classesOf, countClasses, MATRIX_CLASSES_MAX, placesOf, type ClassCounts, type Label } from './labels.ts';
import { mean, meanOver, sum, weightedMean } from './numbers.ts';

/** Rows are the truth, columns the prediction, both in the order of `labels`. */
export interface ConfusionMatrix {
  readonly labels: readonly Label[];
  readonly counts: readonly (readonly number[])[];
}

export type Ratio = 'precision' | 'recall' | 'f1';

export interface PrecisionRecallF1 {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Ratios that had 0 in the denominator (of a class, for an average: of any class) and were set to 0. */
  readonly zeroDivision: readonly Ratio[];
}

export interface ClassRatios extends PrecisionRecallF1 {
  readonly label: Label;
  /** Examples of this class. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly classes: readonly ClassRatios[];
  /** All counts pooled; for single-label data with every class named this is the accuracy. */
  readonly micro: PrecisionRecallF1;
  /** The plain mean over the classes. */
  readonly macro: PrecisionRecallF1;
  /** The mean over the classes weighted by support. */
  readonly weighted: PrecisionRecallF1;
}

const RATIOS: readonly Ratio[] = ['precision', 'recall', 'f1'];

/**
 * How often each class was taken for each other. Examples whose truth or prediction is outside `labels` are left out.
 * Throws RangeError for columns that do not fit, more than 2000 classes, or `labels` of which none is in `actual`.
 * Source: scikit-learn, `confusion_matrix` (https://scikit-learn.org/stable/modules/model_evaluation.html#confusion-matrix).
 */
export function confusionMatrix(actual: readonly Label[], predicted: readonly Label[], labels?: readonly Label[]): ConfusionMatrix {
  const metric = 'confusion_matrix';
  checkRows(metric, { actual, predicted });
  checkLabels(metric, { actual, predicted, labels: labels ?? [] });
  const classes = labels ?? classesOf(actual, predicted);
  if (classes.length > MATRIX_CLASSES_MAX) throw new RangeError(`${metric}: there are ${classes.length} classes; accepted are at most ${MATRIX_CLASSES_MAX}.`);
  const place = placesOf(metric, classes);
  if (!actual.some((label) => place.has(label))) throw new RangeError(`${metric}: none of the labels is in actual; name at least one that is.`);
  const counts = classes.map(() => classes.map(() => 0));
  for (const [row, truth] of actual.entries()) {
    const [line, column] = [counts[place.get(truth) ?? -1], place.get(predicted[row]!)];
    if (line && column !== undefined) line[column]!++;
  }
  return { labels: classes, counts };
}

/**
 * The share of examples whose prediction is the truth: 0 … 1, higher is better. One label per example in each column; throws RangeError
 * when they do not fit. Source: scikit-learn, `accuracy_score`.
 */
export function accuracy(actual: readonly Label[], predicted: readonly Label[]): number {
  const count = checkRows('accuracy', { actual, predicted });
  checkLabels('accuracy', { actual, predicted });
  return meanOver(count, (row) => Number(actual[row] === predicted[row]));
}

/**
 * Precision TP/(TP+FP), recall TP/(TP+FN) and F1 2TP/(2TP+FP+FN), by class and averaged: 0 … 1, higher is better. A ratio without
 * denominator is 0 and named in `zeroDivision`; weighted averages without any support are plain means. `labels` chooses the classes and their
 * order. Throws as `countClasses`. Source: scikit-learn, `precision_recall_fscore_support` with `zero_division=0`.
 */
export function classificationReport(actual: readonly Label[], predicted: readonly Label[], labels?: readonly Label[]): ClassificationReport {
  const counts = countClasses(actual, predicted, labels);
  const classes = counts.map((one) => ({ label: one.label, support: one.support, ...ratios(one) }));
  const support = counts.map((one) => one.support);
  return {
    classes,
    micro: ratios(pooled(counts)),
    macro: averaged(classes, mean),
    weighted: averaged(classes, (values) => weightedMean(values, support)),
  };
}

/**
 * The mean recall of the classes that `actual` has: 0 … 1, higher is better. A class that is predicted only is left out.
 * Throws as `countClasses`. Source: scikit-learn, `balanced_accuracy_score`.
 */
export function balancedAccuracy(actual: readonly Label[], predicted: readonly Label[]): number {
  const present = countClasses(actual, predicted).filter(({ support }) => support > 0);
  return meanOver(present.length, (index) => present[index]!.truePositives / present[index]!.support);
}

/**
 * Matthews' correlation of truth and prediction, for any number of classes: −1 … 1, higher is better, 0 when either column has one class only.
 * Throws as `countClasses`. Source: Gorodkin 2004 as scikit-learn's `matthews_corrcoef` has it.
 */
export function matthewsCorrelation(actual: readonly Label[], predicted: readonly Label[]): number {
  const counts = countClasses(actual, predicted);
  const dot = (of: (one: ClassCounts) => number): number => sum(counts.map(of));
  const total = actual.length;
  const covariance = dot((one) => one.truePositives) * total - dot((one) => one.support * one.predicted);
  const spread = (total ** 2 - dot((one) => one.predicted ** 2)) * (total ** 2 - dot((one) => one.support ** 2));
  return spread === 0 ? 0 : covariance / Math.sqrt(spread);
}

function ratios({ truePositives, predicted, support }: Omit<ClassCounts, 'label'>): PrecisionRecallF1 {
  const parts = { precision: [truePositives, predicted], recall: [truePositives, support], f1: [2 * truePositives, predicted + support] } as const;
  const of = (ratio: Ratio): number => (parts[ratio][1] === 0 ? 0 : parts[ratio][0] / parts[ratio][1]);
  return { precision: of('precision'), recall: of('recall'), f1: of('f1'), zeroDivision: RATIOS.filter((ratio) => parts[ratio][1] === 0) };
}

function pooled(counts: readonly ClassCounts[]): Omit<ClassCounts, 'label'> {
  const total = (of: (one: ClassCounts) => number): number => sum(counts.map(of));
  return { truePositives: total((one) => one.truePositives), predicted: total((one) => one.predicted), support: total((one) => one.support) };
}

function averaged(classes: readonly PrecisionRecallF1[], average: (values: readonly number[]) => number): PrecisionRecallF1 {
  const of = (ratio: Ratio): number => average(classes.map((one) => one[ratio]));
  const zeroDivision = RATIOS.filter((ratio) => classes.some((one) => one.zeroDivision.includes(ratio)));
  return { precision: of('precision'), recall: of('recall'), f1: of('f1'), zeroDivision };
}
