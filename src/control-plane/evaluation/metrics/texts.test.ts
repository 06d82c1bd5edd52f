import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { bleu, SACREBLEU_VERSION, chrf, rouge, rougeF } from './index.ts';
import { tokenize13a } from './bleu.ts';
import { ROUGE_TOKENS_MAX } from './rouge.ts';

type Rouge = readonly [precision: number, recall: number, f: number, meanF: number];

interface Case {
  readonly hypotheses: readonly string[];
  readonly references: readonly (readonly string[])[];
  readonly bleu: readonly number[];
  readonly bleuSignature: string;
  readonly chrf: number;
  readonly chrfSignature: string;
  readonly rouge1: Rouge;
  readonly rouge2: Rouge;
  readonly rougeL: Rouge;
}

describe('texts against references', () => {
  const cases = readGolden<Case>('translation');

  test('Q5: 240 corpora have the BLEU, its parts and the signature of sacrebleu', () => {
    const faults = differences(cases, ({ hypotheses, references, bleu: expected, bleuSignature }) => {
      const { score, brevityPenalty, hypothesisLength, referenceLength, precisions, signature } = bleu(hypotheses, references);
      return { bleu: [[score, brevityPenalty, hypothesisLength, referenceLength, ...precisions], expected], signature: [signature, bleuSignature] };
    });
    expect(cases).toHaveLength(240);
    expect(bleu(['a'], [['a']]).signature).toMatch(new RegExp(`version:${SACREBLEU_VERSION}$`));
    expect(cases.filter(({ bleu: [score] }) => score! > 0).length).toBeGreaterThan(150);
    expect(faults).toEqual([]);
  });

  test('Q5: 240 corpora have the chrF2 and the signature of sacrebleu', () => {
    const faults = differences(cases, ({ hypotheses, references, chrf: expected, chrfSignature }) => {
      const { score, signature } = chrf(hypotheses, references);
      return { chrf: [score, expected], signature: [signature, chrfSignature] };
    });
    expect(faults).toEqual([]);
  });

  test.each(['rouge1', 'rouge2', 'rougeL'] as const)('Q5: 240 corpora have the %s of rouge_score', (kind) => {
    const faults = differences(cases, ({ hypotheses, references, [kind]: expected }) => {
      const { precision, recall, f } = rouge(kind, hypotheses[0]!, references[0]![0]!);
      return { [kind]: [[precision, recall, f, rougeF(kind, hypotheses, references)], expected] };
    });
    expect(faults).toEqual([]);
  });

  test('Q5: the tokens are those of mteval-v13a', () => {
    expect(tokenize13a('He paid $3.14, i.e. 10-20% (&quot;more&quot;).\n')).toEqual([
      'He',
      'paid',
      '$',
      '3.14',
      ',',
      'i',
      '.',
      'e',
      '.',
      '10',
      '-',
      '20',
      '%',
      '(',
      '"',
      'more',
      '"',
      ')',
      '.',
    ]);
  });

  test('Q1: texts that do not fit, no reference and endless texts are refused', () => {
    expect(() => bleu([], [])).toThrow(/hypotheses is empty/);
    expect(() => bleu(['a'], [['a'], ['b']])).toThrow(/hypotheses has 1 rows and references has 2/);
    expect(() => chrf(['a'], [[]])).toThrow(/references\[0\] is empty; at least one reference is needed/);
    expect(() => rougeF('rougeL', ['a'], [[]])).toThrow(RangeError);
    expect(() => rouge('rougeL', 'a '.repeat(ROUGE_TOKENS_MAX + 1), 'a')).toThrow(/at most 20000/);
  });
});
