import { checkCount, checkNumbers, checkOpenShare, checkRows } from './checks.ts';
import { meanOver, sumOver } from './numbers.ts';
import { checkProbabilities, checkScored, type ScoredExamples } from './scored.ts';

/** What log-loss takes for a probability of 0, so that it stays finite: the machine epsilon of a double, as in scikit-learn. */
export const LOG_LOSS_EPS = Number.EPSILON;

/**
 * The share of examples whose true class is among the k best scores: 0 … 1, higher is better; 1 for k ≥ the number of classes.
 * Among equal scores the later column comes first, as in scikit-learn. Throws RangeError for rows that do not fit, NaN, or k < 1.
 * Source: scikit-learn, `top_k_accuracy_score`; two classes are treated as any number of them, not with a threshold.
 */
export function topKAccuracy(examples: ScoredExamples, k: number): number {
  const truths = checkScored('top_k_accuracy', examples);
  checkCount('top_k_accuracy', 'k', k, { min: 1 });
  const isBefore = (line: readonly number[], column: number, truth: number): boolean => line[column]! > line[truth]! || (line[column] === line[truth] && column > truth);
  return meanOver(truths.length, (row) => {
    const line = examples.scores[row]!;
    const better = line.filter((_, column) => isBefore(line, column, truths[row]!)).length;
    return Number(better < k);
  });
}

/**
 * −1/n Σ ln p(true class), in nats: 0 … 36.04, lower is better. Probabilities are clipped to [eps, 1−eps], which is why it is finite for p = 0.
 * Throws RangeError for rows that are not probabilities. Source: scikit-learn, `log_loss`.
 */
export function logLoss(examples: ScoredExamples, eps = LOG_LOSS_EPS): number {
  const truths = checkProbabilities('log_loss', examples);
  checkOpenShare('log_loss', 'eps', eps);
  return meanOver(truths.length, (row) => -Math.log(Math.min(1 - eps, Math.max(eps, examples.scores[row]![truths[row]!]!))));
}

/**
 * The mean of (p − y)² where p is the probability of the positive class and y is 1 or 0: 0 … 1, lower is better.
 * Throws RangeError for columns that do not fit or a p outside 0 … 1. Source: Brier 1950 as scikit-learn's `brier_score_loss` has it.
 */
export function brierScore(positive: readonly boolean[], probabilities: readonly number[]): number {
  const count = checkRows('brier_score', { positive, probabilities });
  checkNumbers('brier_score', 'probabilities', probabilities, { min: 0, max: 1 });
  return meanOver(count, (row) => (probabilities[row]! - Number(positive[row])) ** 2);
}

/**
 * The mean over examples of Σ over classes (p − y)²: 0 … 2, lower is better; for two classes half of it, so that it equals `brierScore`.
 * Throws RangeError for rows that are not probabilities. Source: scikit-learn, `brier_score_loss` with `scale_by_half="auto"`.
 */
export function brierScoreMulticlass(examples: ScoredExamples): number {
  const truths = checkProbabilities('brier_score', examples);
  const classes = examples.classes.length;
  const total = meanOver(truths.length, (row) => sumOver(classes, (column) => (examples.scores[row]![column]! - Number(column === truths[row])) ** 2));
  return classes === 2 ? total / 2 : total;
}
