import { checkNumbers, checkRows } from './checks.ts';
import { checkLabels, placesOf, type Label } from './labels.ts';
import { sum } from './numbers.ts';

/** What a classifier with several outputs gave: one row of scores per example, one column per class. */
export interface ScoredExamples {
  /** The true class of each example, one of `classes`. */
  readonly actual: readonly Label[];
  /** The class of each column of `scores`. */
  readonly classes: readonly Label[];
  readonly scores: readonly (readonly number[])[];
}

/** A softmax in half precision over many classes is this far from 1 at most; logits are further. */
const PROBABILITY_SUM_TOLERANCE = 0.01;

/** The column of each example's true class. Throws RangeError for rows that do not fit, NaN, or a truth outside `classes`. */
export function checkScored(metric: string, { actual, classes, scores }: ScoredExamples): readonly number[] {
  checkRows(metric, { actual, scores });
  checkLabels(metric, { actual, classes });
  const place = placesOf(metric, classes);
  if (classes.length < 2) throw new RangeError(`${metric}: there is 1 class; at least 2 are needed.`);
  for (const [row, line] of scores.entries()) {
    if (line.length !== classes.length) throw new RangeError(`${metric}: scores[${row}] has ${line.length} columns; there are ${classes.length} classes.`);
    checkNumbers(metric, `scores[${row}]`, line);
  }
  return actual.map((label, row) => {
    const column = place.get(label);
    if (column === undefined) throw new RangeError(`${metric}: actual[${row}] is ${label}, which is not one of the ${classes.length} classes.`);
    return column;
  });
}

/** As `checkScored`; each row must also be probabilities: 0 … 1, with the sum 1 within 0.01. */
export function checkProbabilities(metric: string, examples: ScoredExamples): readonly number[] {
  const truths = checkScored(metric, examples);
  for (const [row, line] of examples.scores.entries()) {
    checkNumbers(metric, `scores[${row}]`, line, { min: 0, max: 1 });
    const total = sum(line);
    if (Math.abs(total - 1) > PROBABILITY_SUM_TOLERANCE) throw new RangeError(`${metric}: scores[${row}] sums to ${total}; the probabilities of an example sum to 1.`);
  }
  return truths;
}

/** One score per example, and whether the example is positive. Throws RangeError for columns that do not fit or NaN. */
export function checkBinary(metric: string, positive: readonly boolean[], scores: readonly number[]): number {
  const count = checkRows(metric, { positive, scores });
  checkNumbers(metric, 'scores', scores);
  return count;
}
