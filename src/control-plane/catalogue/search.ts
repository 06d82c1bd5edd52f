/** What of a listing words are looked for in. */
export interface SearchText {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly task: string;
  readonly licence: string;
}

const WORDS_MAX = 16;
const WEIGHTS: Readonly<Record<keyof SearchText, number>> = { name: 8, title: 6, tags: 5, task: 3, summary: 2, licence: 1 };
/** A whole word counts most, then how a word begins, then what is inside one: the only way to find words of a language without spaces. */
const WHOLE = 1;
const PREFIX = 0.6;
const INSIDE = 0.3;

/** The words of a query, lower-case; at most so many. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])].slice(0, WORDS_MAX);
}

/** How well a listing fits all words, the higher the better; 0: one of them is nowhere. Without words all fit alike. */
export function score(text: SearchText, words: readonly string[]): number {
  const fields = (Object.entries(WEIGHTS) as [keyof SearchText, number][]).map(([field, weight]) => {
    const value = text[field];
    const lower = (typeof value === 'string' ? value : value.join(' ')).toLowerCase();
    return { lower, weight, words: new Set(lower.match(/[\p{L}\p{N}]+/gu) ?? []) };
  });
  let sum = 1;
  for (const word of words) {
    const best = Math.max(...fields.map((field) => field.weight * matchOf(field, word)));
    if (best === 0) return 0;
    sum += best;
  }
  return sum;
}

function matchOf({ lower, words }: { readonly lower: string; readonly words: ReadonlySet<string> }, word: string): number {
  if (words.has(word)) return WHOLE;
  if (!lower.includes(word)) return 0;
  return words.values().some((one) => one.startsWith(word)) ? PREFIX : INSIDE;
}
