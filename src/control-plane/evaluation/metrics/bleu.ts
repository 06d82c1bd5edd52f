import { checkTexts, countNgrams, overlap, withoutEnd, words, type NgramCounts } from './ngrams.ts';
import { sum } from './numbers.ts';

/** The release of sacrebleu whose numbers and signatures these are. */
export const SACREBLEU_VERSION = '2.6.0';

export interface Bleu {
  /** 0 … 100, higher is better. */
  readonly score: number;
  /** Smoothed n-gram precisions for n = 1 … 4, each 0 … 100. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Tokens. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** How it was computed, in sacrebleu's words; a BLEU without it can't be compared. */
  readonly signature: string;
}

const ORDERS = [1, 2, 3, 4] as const;
const PERCENT = 100;
/** sacrebleu's stand-in for ln 0. */
const LOG_OF_ZERO = -9_999_999_999;
const XML_ENTITIES = [
  ['&quot;', '"'],
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
] as const;
const SPLITS: readonly (readonly [RegExp, string])[] = [
  [/([{-~[-` -&(-+:-@/])/gu, ' $1 '],
  [/([^0-9])([.,])/gu, '$1 $2 '],
  [/([.,])([^0-9])/gu, ' $1 $2'],
  [/([0-9])(-)/gu, '$1 $2 '],
];

interface Counts {
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  readonly matches: readonly number[];
  readonly totals: readonly number[];
}

/**
 * BLEU of a corpus as `sacrebleu` computes it by default: mteval-v13a tokens, case kept, exponential smoothing, the closest reference length,
 * no effective order. One hypothesis and one or more references per example, detokenized text. Throws RangeError when they do not fit or
 * an example has no reference. Source: Papineni et al. 2002; Post 2018; sacrebleu 2.6.0 `metrics/bleu.py`.
 */
export function bleu(hypotheses: readonly string[], references: readonly (readonly string[])[]): Bleu {
  const referenceCount = checkTexts('bleu', hypotheses, references);
  const segments = hypotheses.map((hypothesis, row) => countSegment(tokenize13a(hypothesis), references[row]!.map(tokenize13a)));
  const pool = (of: (one: Counts) => number): number => sum(segments.map(of));
  const { matches, totals, hypothesisLength, referenceLength } = {
    matches: ORDERS.map((order) => pool((one) => one.matches[order - 1]!)),
    totals: ORDERS.map((order) => pool((one) => one.totals[order - 1]!)),
    hypothesisLength: pool((one) => one.hypothesisLength),
    referenceLength: pool((one) => one.referenceLength),
  };
  const brevityPenalty = penaltyOf(hypothesisLength, referenceLength);
  const precisions = smoothed(matches, totals);
  const geometric = Math.exp(sum(precisions.map((precision) => (precision === 0 ? LOG_OF_ZERO : Math.log(precision)))) / ORDERS.length);
  const signature = `nrefs:${referenceCount}|case:mixed|eff:no|tok:13a|smooth:exp|version:${SACREBLEU_VERSION}`;
  return { score: brevityPenalty * geometric, precisions, brevityPenalty, hypothesisLength, referenceLength, signature };
}

/** The tokens of mteval-v13a, which WMT used: punctuation apart, but not in numbers. Source: sacrebleu, `tokenizer_13a.py`. */
export function tokenize13a(text: string): readonly string[] {
  let line = withoutEnd(text).replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  for (const [entity, character] of XML_ENTITIES) line = line.replaceAll(entity, character);
  line = ` ${line} `;
  for (const [pattern, replacement] of SPLITS) line = line.replace(pattern, replacement);
  return words(line);
}

function countSegment(hypothesis: readonly string[], references: readonly (readonly string[])[]): Counts {
  const orders = ORDERS.map((order) => {
    const mine = countNgrams(hypothesis, order, ' ');
    return { matches: overlap(mine, most(references.map((reference) => countNgrams(reference, order, ' ')))), total: sum(mine.values()) };
  });
  return {
    hypothesisLength: hypothesis.length,
    referenceLength: closest(
      hypothesis.length,
      references.map((reference) => reference.length),
    ),
    matches: orders.map(({ matches }) => matches),
    totals: orders.map(({ total }) => total),
  };
}

/** Each n-gram as often as in the reference that has it most. */
function most(references: readonly NgramCounts[]): NgramCounts {
  const merged = new Map<string, number>();
  for (const counts of references) for (const [ngram, count] of counts) merged.set(ngram, Math.max(count, merged.get(ngram) ?? 0));
  return merged;
}

/** The reference length nearest to the hypothesis's, the shorter of two that are as near. */
function closest(length: number, references: readonly number[]): number {
  return references.reduce((best, one) => {
    const gain = Math.abs(best - length) - Math.abs(one - length);
    return gain > 0 || (gain === 0 && one < best) ? one : best;
  });
}

function penaltyOf(hypothesisLength: number, referenceLength: number): number {
  if (hypothesisLength >= referenceLength) return 1;
  return hypothesisLength === 0 ? 0 : Math.exp(1 - referenceLength / hypothesisLength);
}

/** Each further order without a match counts as half a match less: 1/2, 1/4, … An order without any n-gram ends it at 0. */
function smoothed(matches: readonly number[], totals: readonly number[]): readonly number[] {
  const precisions = ORDERS.map(() => 0);
  if (matches.every((count) => count === 0)) return precisions;
  let halvings = 1;
  for (const [index, total] of totals.entries()) {
    if (total === 0) break;
    if (matches[index] === 0) halvings *= 2;
    precisions[index] = (PERCENT * (matches[index] || 1 / halvings)) / total;
  }
  return precisions;
}
