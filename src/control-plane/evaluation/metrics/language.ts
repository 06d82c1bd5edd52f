import { checkCount, checkNumbers, checkRows } from './checks.ts';
import { meanOver, sum } from './numbers.ts';

/** What exact match does to both texts before it compares them, in this order. */
export interface ExactMatchOptions {
  /** Whatever matches any of these is removed. A pattern of a stranger can run forever: it is the caller who must trust it. */
  readonly regexesToIgnore?: readonly RegExp[];
  readonly ignoreCase?: boolean;
  /** ASCII punctuation only, as Python's `string.punctuation`. */
  readonly ignorePunctuation?: boolean;
  /** ASCII digits only, as Python's `string.digits`. */
  readonly ignoreNumbers?: boolean;
}

/** One problem of a code benchmark: `samples` answers were drawn and `correct` of them passed. */
export interface ProblemResult {
  readonly samples: number;
  readonly correct: number;
}

const ASCII_PUNCTUATION = /[!-/:-@[-`{-~]/g;
const ASCII_DIGITS = /[0-9]/g;

/**
 * exp(−mean ln p) over tokens: ≥ 1, lower is better; V for a uniform guess among V tokens. `logLikelihoods` has one natural logarithm of a
 * probability (≤ 0) per token. Infinite when exp overflows. Throws RangeError for none, NaN or a value over 0. Source: lm-eval, `perplexity`.
 */
export function perplexity(logLikelihoods: readonly number[]): number {
  return Math.exp(-totalOf('perplexity', logLikelihoods) / logLikelihoods.length);
}

/**
 * exp(−Σ ln p / Σ words): ≥ 1, lower is better; comparable between tokenizers. One log-likelihood (nats, ≤ 0) and one number of words (whole, ≥ 0)
 * per document. Throws RangeError for columns that do not fit, NaN, or no word at all. Source: lm-eval, `weighted_perplexity`.
 */
export function wordPerplexity(logLikelihoods: readonly number[], words: readonly number[]): number {
  return Math.exp(-perUnit('word_perplexity', logLikelihoods, 'words', words));
}

/**
 * −Σ ln p / (Σ bytes · ln 2): ≥ 0, lower is better, in bits per byte of UTF-8. One log-likelihood (nats, ≤ 0) and one number of bytes per
 * document. Throws as `wordPerplexity`. Source: lm-eval, `bits_per_byte`.
 */
export function bitsPerByte(logLikelihoods: readonly number[], bytes: readonly number[]): number {
  return -perUnit('bits_per_byte', logLikelihoods, 'bytes', bytes) / Math.LN2;
}

/**
 * The share of predictions that equal their reference after what `options` removes from both: 0 … 1, higher is better. One text each per example;
 * throws RangeError when they do not fit. Source: lm-eval, `exact_match_hf_evaluate`.
 */
export function exactMatch(predictions: readonly string[], references: readonly string[], options: ExactMatchOptions = {}): number {
  const count = checkRows('exact_match', { predictions, references });
  return meanOver(count, (row) => Number(reduced(predictions[row]!, options) === reduced(references[row]!, options)));
}

/**
 * The chance that at least one of k samples of a problem passes, averaged over the problems: 0 … 1, higher is better. Unbiased:
 * 1 − C(n−c, k)/C(n, k) = 1 − Π over i = n−c+1 … n of (1 − k/i); 1 when n − c < k. Throws RangeError for no problem, counts that are not whole,
 * c > n, or k outside 1 … n. Source: Chen et al. 2021 (HumanEval), `estimate_pass_at_k`.
 */
export function passAtK(problems: readonly ProblemResult[], k: number): number {
  const count = checkRows('pass_at_k', { problems });
  for (const [index, { samples, correct }] of problems.entries()) {
    checkCount('pass_at_k', `problems[${index}].samples`, samples, { min: 1 });
    checkCount('pass_at_k', `problems[${index}].correct`, correct, { max: samples });
    checkCount('pass_at_k', 'k', k, { min: 1, max: samples });
  }
  return meanOver(count, (index) => chanceOfOne(problems[index]!, k));
}

function chanceOfOne({ samples, correct }: ProblemResult, k: number): number {
  if (samples - correct < k) return 1;
  let noneOfThem = 1;
  for (let i = samples - correct + 1; i <= samples; i++) noneOfThem *= 1 - k / i;
  return 1 - noneOfThem;
}

function reduced(text: string, options: ExactMatchOptions): string {
  let left = text;
  for (const { source, flags } of options.regexesToIgnore ?? []) left = left.replace(new RegExp(source, flags.includes('g') ? flags : `${flags}g`), '');
  if (options.ignoreCase) left = left.toLowerCase();
  if (options.ignorePunctuation) left = left.replace(ASCII_PUNCTUATION, '');
  return options.ignoreNumbers ? left.replace(ASCII_DIGITS, '') : left;
}

function perUnit(metric: string, logLikelihoods: readonly number[], name: string, units: readonly number[]): number {
  checkRows(metric, { logLikelihoods, [name]: units });
  for (const [row, count] of units.entries()) checkCount(metric, `${name}[${row}]`, count);
  const total = sum(units);
  if (total === 0) throw new RangeError(`${metric}: the ${name} sum to 0; at least one is needed.`);
  return totalOf(metric, logLikelihoods) / total;
}

function totalOf(metric: string, logLikelihoods: readonly number[]): number {
  checkRows(metric, { logLikelihoods });
  checkNumbers(metric, 'logLikelihoods', logLikelihoods, { max: 0 });
  return sum(logLikelihoods);
}
