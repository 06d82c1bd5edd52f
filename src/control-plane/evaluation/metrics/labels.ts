import { checkRows } from './checks.ts';

/** A class of a classifier: its name or its index. */
export type Label = string | number;

/** More classes than this are refused where memory grows with the square of them. */
export const MATRIX_CLASSES_MAX = 2_000;

/** Counts of one class, one against the rest. */
export interface ClassCounts {
  readonly label: Label;
  readonly truePositives: number;
  /** How often the class was predicted. */
  readonly predicted: number;
  /** How often the class was the truth. */
  readonly support: number;
}

/**
 * Counts for each class of `labels`, in that order; by default every class seen in either column, sorted (numbers by value, text
 * by UTF-16 code unit). `actual` and `predicted` have one label per example. A class outside `labels` still counts against those inside.
 * Throws RangeError for columns of different lengths, none, NaN, text mixed with numbers, or a class named twice.
 */
export function countClasses(actual: readonly Label[], predicted: readonly Label[], labels?: readonly Label[]): readonly ClassCounts[] {
  const metric = 'classification';
  checkRows(metric, { actual, predicted });
  checkLabels(metric, { actual, predicted, labels: labels ?? [] });
  const classes = labels ?? classesOf(actual, predicted);
  const place = placesOf(metric, classes);
  const counts = classes.map((label) => ({ label, truePositives: 0, predicted: 0, support: 0 }));
  for (const [row, truth] of actual.entries()) {
    const of = (label: Label) => counts[place.get(label) ?? -1];
    const [mine, guessed] = [of(truth), of(predicted[row]!)];
    if (mine) mine.support++;
    if (guessed) guessed.predicted++;
    if (mine && mine === guessed) mine.truePositives++;
  }
  return counts;
}

/** The distinct labels of the columns, sorted. */
export function classesOf(...columns: readonly (readonly Label[])[]): readonly Label[] {
  return [...new Set(columns.flat())].toSorted((a, b) => (a < b ? -1 : Number(a > b)));
}

/** Where each class is in `classes`; throws RangeError when there is none or one is there twice. */
export function placesOf(metric: string, classes: readonly Label[]): ReadonlyMap<Label, number> {
  const places = new Map(classes.map((label, index) => [label, index]));
  if (classes.length === 0) throw new RangeError(`${metric}: there is no class; name at least one.`);
  if (places.size !== classes.length) throw new RangeError(`${metric}: a class is named twice; each may be there once.`);
  return places;
}

/** Labels are text or finite numbers, and all of one type: 1 and "1" would never match. Throws RangeError otherwise. */
export function checkLabels(metric: string, columns: Readonly<Record<string, readonly Label[]>>): void {
  let first: string | undefined;
  for (const [name, column] of Object.entries(columns)) {
    for (const [row, label] of column.entries()) {
      first ??= typeof label;
      if (typeof label === first && (first === 'string' || Number.isFinite(label))) continue;
      throw new RangeError(`${metric}: ${name}[${row}] is ${String(label)} (${typeof label}); accepted are labels that are all text or all finite numbers.`);
    }
  }
}
