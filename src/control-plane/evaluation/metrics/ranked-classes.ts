import { mean, sumOver, weightedMean } from './numbers.ts';
import { checkBinary, checkScored, type ScoredExamples } from './scored.ts';

/** One class against the rest, or each pair of classes against each other. */
export type AucScheme = 'ovr' | 'ovo';
/** Every class (or pair) alike, or by how often it is true. */
export type Averaging = 'macro' | 'weighted';

interface Scored {
  readonly positive: boolean;
  readonly score: number;
}

/**
 * P(score of a positive > score of a negative) + ½ P(equal): 0 … 1, higher is better; `undefined` when `positive` is all true or all false.
 * One finite score per example; throws RangeError otherwise. Source: the rank form (Mann and Whitney; Fawcett 2006), equal to
 * scikit-learn's `roc_auc_score`.
 */
export function rocAuc(positive: readonly boolean[], scores: readonly number[]): number | undefined {
  checkBinary('roc_auc', positive, scores);
  return areaUnderRoc(zip(positive, scores));
}

/**
 * ROC-AUC of several classes: 0 … 1, higher is better. `ovr`: the mean of each class against the rest, `undefined` when a class that counts has no
 * example or all. `ovo`: the mean over pairs of classes that occur, in both directions; `undefined` when only one occurs.
 * `weighted` weighs a class or pair by its examples. Throws RangeError for rows that do not fit or NaN; unlike scikit-learn's it takes scores that
 * are no probabilities. Source: Hand and Till 2001 (ovo), Provost and Domingos 2000 (weighted ovr), as in scikit-learn's `roc_auc_score`.
 */
export function rocAucMulticlass(examples: ScoredExamples, scheme: AucScheme, averaging: Averaging): number | undefined {
  const truths = checkScored('roc_auc', examples);
  return scheme === 'ovr' ? oneVersusRest(examples, truths, averaging) : oneVersusOne(examples, truths, averaging);
}

/**
 * Average precision Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, best first: 0 … 1, higher is better; equal scores are one threshold.
 * 0 without a positive example, as in scikit-learn. One finite score per example; throws RangeError otherwise.
 * Source: scikit-learn, `average_precision_score`.
 */
export function averagePrecision(positive: readonly boolean[], scores: readonly number[]): number {
  checkBinary('average_precision', positive, scores);
  return precisionOverRecall(zip(positive, scores));
}

/**
 * Average precision of each class against the rest, averaged: 0 … 1, higher is better; a class without example counts as 0.
 * Throws RangeError for rows that do not fit or NaN. Source: scikit-learn, `average_precision_score` of an indicator matrix.
 */
export function averagePrecisionMulticlass(examples: ScoredExamples, averaging: Averaging): number {
  const truths = checkScored('average_precision', examples);
  const values = examples.classes.map((_, column) => precisionOverRecall(againstRest(examples, truths, column)));
  return averaging === 'macro' ? mean(values) : weightedMean(values, supportOf(examples, truths));
}

function areaUnderRoc(examples: readonly Scored[]): number | undefined {
  const positives = examples.filter(({ positive }) => positive).length;
  const negatives = examples.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  let [negativesBelow, wins] = [0, 0];
  for (const group of groups(examples).toReversed()) {
    wins += group.positives * (negativesBelow + group.negatives / 2);
    negativesBelow += group.negatives;
  }
  return wins / (positives * negatives);
}

function precisionOverRecall(examples: readonly Scored[]): number {
  const all = examples.filter(({ positive }) => positive).length;
  if (all === 0) return 0;
  let [taken, found] = [0, 0];
  const steps = groups(examples).map(({ positives, negatives }) => {
    found += positives;
    taken += positives + negatives;
    return (positives / all) * (found / taken);
  });
  return sumOver(steps.length, (step) => steps[step]!);
}

/** How many positives and negatives share each score, best score first. */
function groups(examples: readonly Scored[]): readonly { readonly positives: number; readonly negatives: number }[] {
  const found: { score: number; positives: number; negatives: number }[] = [];
  for (const { positive, score } of examples.toSorted((a, b) => b.score - a.score)) {
    let group = found.at(-1);
    if (group?.score !== score) found.push((group = { score, positives: 0, negatives: 0 }));
    if (positive) group.positives++;
    else group.negatives++;
  }
  return found;
}

function oneVersusRest(examples: ScoredExamples, truths: readonly number[], averaging: Averaging): number | undefined {
  const support = supportOf(examples, truths);
  const weights = averaging === 'weighted' ? support : support.map(() => 1);
  const areas = weights.map((weight, column) => (weight === 0 ? 0 : areaUnderRoc(againstRest(examples, truths, column))));
  const known = areas.filter((area) => area !== undefined);
  return known.length < areas.length ? undefined : weightedMean(known, weights);
}

function oneVersusOne(examples: ScoredExamples, truths: readonly number[], averaging: Averaging): number | undefined {
  const support = supportOf(examples, truths);
  const present = [...support.keys()].filter((column) => support[column]! > 0);
  const pairs = present.flatMap((a, index) => present.slice(index + 1).map((b) => [a, b] as const));
  if (pairs.length === 0) return undefined;
  const areas = pairs.map(([a, b]) => (areaOfPair(examples, truths, a, b) + areaOfPair(examples, truths, b, a)) / 2);
  return averaging === 'macro'
    ? mean(areas)
    : weightedMean(
        areas,
        pairs.map(([a, b]) => support[a]! + support[b]!),
      );
}

/** How well the scores of class `a` tell its examples from those of class `b`; both classes have some. */
function areaOfPair({ scores }: ScoredExamples, truths: readonly number[], a: number, b: number): number {
  const rows = [...truths.keys()].filter((row) => truths[row] === a || truths[row] === b);
  return areaUnderRoc(rows.map((row) => ({ positive: truths[row] === a, score: scores[row]![a]! }))) ?? Number.NaN;
}

function againstRest({ scores }: ScoredExamples, truths: readonly number[], column: number): readonly Scored[] {
  return truths.map((truth, row) => ({ positive: truth === column, score: scores[row]![column]! }));
}

function supportOf({ classes }: ScoredExamples, truths: readonly number[]): readonly number[] {
  const support = classes.map(() => 0);
  for (const truth of truths) support[truth]!++;
  return support;
}

function zip(positive: readonly boolean[], scores: readonly number[]): readonly Scored[] {
  return positive.map((isPositive, row) => ({ positive: isPositive, score: scores[row]! }));
}
