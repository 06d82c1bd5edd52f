import { SACREBLEU_VERSION } from './bleu.ts';
import { checkTexts, countNgrams, overlap, words, type NgramCounts } from './ngrams.ts';
import { mean, sum } from './numbers.ts';

export interface Chrf {
  /** 0 … 100, higher is better. */
  readonly score: number;
  /** How it was computed, in sacrebleu's words. */
  readonly signature: string;
}

interface Order {
  readonly hypothesis: number;
  readonly reference: number;
  readonly matches: number;
}

const ORDERS = [1, 2, 3, 4, 5, 6] as const;
/** Recall weighs β² times as much as precision, β = 2. */
const BETA_SQUARED = 4;
const PERCENT = 100;

/**
 * chrF2 of a corpus as `sacrebleu` computes it by default: character n-grams up to 6 without white space, no word n-grams, β = 2, case kept,
 * effective order; of several references the one with the best score counts. Arguments and errors as `bleu`.
 * Source: Popović 2015; sacrebleu 2.6.0 `metrics/chrf.py`.
 */
export function chrf(hypotheses: readonly string[], references: readonly (readonly string[])[]): Chrf {
  const referenceCount = checkTexts('chrf', hypotheses, references);
  const segments = hypotheses.map((hypothesis, row) => bestOf(characterNgrams(hypothesis), references[row]!.map(characterNgrams)));
  const pooled = ORDERS.map((order) => {
    const pool = (of: (one: Order) => number): number => sum(segments.map((segment) => of(segment[order - 1]!)));
    return { hypothesis: pool((one) => one.hypothesis), reference: pool((one) => one.reference), matches: pool((one) => one.matches) };
  });
  return { score: scoreOf(pooled), signature: `nrefs:${referenceCount}|case:mixed|eff:yes|nc:${ORDERS.length}|nw:0|space:no|version:${SACREBLEU_VERSION}` };
}

function characterNgrams(text: string): readonly NgramCounts[] {
  const characters = Array.from(words(text).join(''));
  return ORDERS.map((order) => countNgrams(characters, order, ''));
}

function bestOf(hypothesis: readonly NgramCounts[], references: readonly (readonly NgramCounts[])[]): readonly Order[] {
  const candidates = references.map((reference) => hypothesis.map((mine, index) => compared(mine, reference[index]!)));
  return candidates.reduce((best, one) => (scoreOf(one) > scoreOf(best) ? one : best));
}

/** Where the reference is too short for an order, the hypothesis's n-grams are not held against it. */
function compared(hypothesis: NgramCounts, reference: NgramCounts): Order {
  return { hypothesis: reference.size === 0 ? 0 : sum(hypothesis.values()), reference: sum(reference.values()), matches: overlap(hypothesis, reference) };
}

function scoreOf(orders: readonly Order[]): number {
  const effective = orders.filter(({ hypothesis, reference }) => hypothesis > 0 && reference > 0);
  if (effective.length === 0) return 0;
  const precision = mean(effective.map(({ matches, hypothesis }) => matches / hypothesis));
  const recall = mean(effective.map(({ matches, reference }) => matches / reference));
  return precision + recall === 0 ? 0 : (PERCENT * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall);
}
