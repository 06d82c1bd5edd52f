import { checkCount, checkNumbers, checkRows } from './checks.ts';
import { sum, sumOver } from './numbers.ts';
import { checkProbabilities, type ScoredExamples } from './scored.ts';

/** Guo et al. 2017 used 15 bins for every table. */
export const CALIBRATION_BINS = 15;
const CALIBRATION_BINS_MAX = 1_000;

/** The examples whose confidence is in (from, to]; the first bin also has 0. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence; undefined in an empty bin. */
  readonly confidence: number | undefined;
  /** The share that came true; undefined in an empty bin. */
  readonly accuracy: number | undefined;
}

/**
 * How often a confidence came true, in `bins` bins of equal width over 0 … 1 (15 by default), ((b−1)/bins, b/bins] as Guo has them.
 * `confidences` are the probabilities that were given (0 … 1) and `correct` says whether the predicted thing was so, one each per example.
 * Throws RangeError for columns that do not fit, a confidence outside 0 … 1, or bins outside 1 … 1000.
 * Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", §2; the bins are those of scikit-learn's `calibration_curve`, which drops the empty ones.
 */
export function reliabilityBins(confidences: readonly number[], correct: readonly boolean[], bins = CALIBRATION_BINS): readonly ReliabilityBin[] {
  const metric = 'calibration';
  checkRows(metric, { confidences, correct });
  checkNumbers(metric, 'confidences', confidences, { min: 0, max: 1 });
  checkCount(metric, 'bins', bins, { min: 1, max: CALIBRATION_BINS_MAX });
  const width = 1 / bins;
  const edges = Array.from({ length: bins }, (_, bin) => (bin + 1 === bins ? 1 : (bin + 1) * width));
  const rows = edges.map((): number[] => []);
  for (const [row, confidence] of confidences.entries()) rows[binOf(edges, confidence)]!.push(row);
  return rows.map((members, bin) => {
    const count = members.length;
    const share = (of: (row: number) => number): number | undefined => (count === 0 ? undefined : sum(members.map(of)) / count);
    const [confidence, accuracy] = [share((row) => confidences[row]!), share((row) => Number(correct[row]))];
    return { from: bin * width, to: edges[bin]!, count, confidence, accuracy };
  });
}

/**
 * Expected calibration error Σ |B|/n · |accuracy(B) − confidence(B)| over the bins of `reliabilityBins`: 0 … 1, lower is better.
 * It depends on the number of bins, which a report must name. Throws as `reliabilityBins`. Source: Naeini et al. 2015; Guo et al. 2017, equation 3.
 */
export function expectedCalibrationError(confidences: readonly number[], correct: readonly boolean[], bins = CALIBRATION_BINS): number {
  const filled = reliabilityBins(confidences, correct, bins);
  return sumOver(filled.length, (index) => {
    const { count, confidence = 0, accuracy = 0 } = filled[index]!;
    return (count / confidences.length) * Math.abs(accuracy - confidence);
  });
}

/**
 * What calibration of a classifier is about: the probability of its best class (the first of equals) and whether that class is the truth.
 * Throws RangeError for rows that are not probabilities. Source: Guo et al. 2017, §2.
 */
export function topConfidences(examples: ScoredExamples): { readonly confidences: readonly number[]; readonly correct: readonly boolean[] } {
  const truths = checkProbabilities('calibration', examples);
  const best = examples.scores.map((line) => line.indexOf(line.reduce((most, score) => Math.max(most, score), 0)));
  return { confidences: best.map((column, row) => examples.scores[row]![column]!), correct: best.map((column, row) => column === truths[row]) };
}

/** The first bin whose upper edge is not under the confidence. */
function binOf(edges: readonly number[], confidence: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < confidence) low = middle + 1;
    else high = middle;
  }
  return low;
}
