import { checkRows } from './checks.ts';
import { checkTexts, countNgrams, overlap } from './ngrams.ts';
import { meanOver, sum } from './numbers.ts';

/** Which units are compared: single words, pairs of words, or the longest common subsequence. */
export type RougeKind = 'rouge1' | 'rouge2' | 'rougeL';

export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  /** 0 … 1, higher is better. */
  readonly f: number;
}

/** The longest common subsequence takes the product of both lengths in steps; longer texts are refused. */
export const ROUGE_TOKENS_MAX = 20_000;

/**
 * ROUGE of one text against its reference: 0 … 1 each. Tokens are runs of a–z and 0–9 after lower-casing, without stemming, so other scripts
 * score 0. Throws RangeError for a text of more than 20 000 tokens. Source: Lin 2004 as Google's rouge_score 0.1.2 has it
 * (`RougeScorer([kind], use_stemmer=False)`).
 */
export function rouge(kind: RougeKind, prediction: string, reference: string): RougeScore {
  const [mine, target] = [tokens(prediction), tokens(reference)];
  const longest = Math.max(mine.length, target.length);
  if (longest > ROUGE_TOKENS_MAX) throw new RangeError(`${kind}: a text has ${longest} tokens; accepted are at most ${ROUGE_TOKENS_MAX}.`);
  if (kind === 'rougeL') return scoreOf(commonSubsequence(mine, target), mine.length, target.length);
  const order = kind === 'rouge1' ? 1 : 2;
  const [mineCounts, targetCounts] = [countNgrams(mine, order, ' '), countNgrams(target, order, ' ')];
  return scoreOf(overlap(mineCounts, targetCounts), sum(mineCounts.values()), sum(targetCounts.values()));
}

/**
 * The mean F-measure over the examples, each against its best reference: 0 … 1, higher is better. One prediction and one or more references per
 * example. Throws RangeError when they do not fit, and as `rouge`. Source: rouge_score 0.1.2, `score_multi`.
 */
export function rougeF(kind: RougeKind, predictions: readonly string[], references: readonly (readonly string[])[]): number {
  checkTexts(kind, predictions, references);
  const count = checkRows(kind, { predictions });
  return meanOver(count, (row) => references[row]!.reduce((best, reference) => Math.max(best, rouge(kind, predictions[row]!, reference).f), 0));
}

function tokens(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

function scoreOf(shared: number, predicted: number, wanted: number): RougeScore {
  const precision = shared / Math.max(predicted, 1);
  const recall = shared / Math.max(wanted, 1);
  return { precision, recall, f: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

/** The length of the longest common subsequence, one row of the table at a time. */
function commonSubsequence(a: readonly string[], b: readonly string[]): number {
  const row = new Uint32Array(b.length + 1);
  for (const token of a) {
    let diagonal = 0;
    for (let column = 1; column <= b.length; column++) {
      const above = row[column]!;
      row[column] = token === b[column - 1] ? diagonal + 1 : Math.max(above, row[column - 1]!);
      diagonal = above;
    }
  }
  return row[b.length]!;
}
