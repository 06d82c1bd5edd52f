import { checkRows } from './checks.ts';

/** How often each n-gram occurs, by its tokens joined. */
export type NgramCounts = ReadonlyMap<string, number>;

/** What Python's `str.split()` and `str.rstrip()` take for white space, which is not quite JavaScript's `\s`. */
const PYTHON_SPACE = String.raw`[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const SPACE = new RegExp(PYTHON_SPACE);
const SPACES = new RegExp(`${PYTHON_SPACE}+`);

/** Python's `text.split()`. */
export function words(text: string): readonly string[] {
  return text.split(SPACES).filter((word) => word !== '');
}

/** Python's `text.rstrip()`. */
export function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

export function countNgrams(tokens: readonly string[], order: number, glue: string): NgramCounts {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= tokens.length; start++) {
    const ngram = tokens.slice(start, start + order).join(glue);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** How many n-grams both have, each at most as often as in either. */
export function overlap(a: NgramCounts, b: NgramCounts): number {
  let shared = 0;
  for (const [ngram, count] of a) shared += Math.min(count, b.get(ngram) ?? 0);
  return shared;
}

/** One text per example and at least one reference for each. Returns how many references each has: a number, or "var". */
export function checkTexts(metric: string, hypotheses: readonly string[], references: readonly (readonly string[])[]): string {
  checkRows(metric, { hypotheses, references });
  const bare = references.findIndex((one) => one.length === 0);
  if (bare >= 0) throw new RangeError(`${metric}: references[${bare}] is empty; at least one reference is needed, which may be ''.`);
  const numbers = new Set(references.map((one) => one.length));
  return numbers.size === 1 ? String([...numbers][0]) : 'var';
}
