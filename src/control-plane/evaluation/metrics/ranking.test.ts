import { describe, expect, test } from 'vitest';
import { differences, readGolden } from '../../../../tests/golden/read.ts';
import { dcg, meanReciprocalRank, ndcg, type RankedQuery } from './index.ts';

interface Case {
  readonly queries: readonly RankedQuery[];
  readonly k: number | null;
  readonly dcg: number;
  readonly ndcg: number;
  readonly mrr: number;
}

describe('ranking', () => {
  const cases = readGolden<Case>('ranking');

  test('Q1: 240 cases agree with scikit-learn, ties averaged: DCG, NDCG, MRR', () => {
    const faults = differences(cases, ({ queries, k, ...expected }) => ({
      dcg: [dcg(queries, k ?? undefined), expected.dcg],
      ndcg: [ndcg(queries, k ?? undefined), expected.ndcg],
      mrr: [meanReciprocalRank(queries), expected.mrr],
    }));
    expect(cases).toHaveLength(240);
    expect(faults).toEqual([]);
  });

  test('Q1: a query without relevant document has NDCG 0 and reciprocal rank 0', () => {
    expect(ndcg([{ relevance: [0, 0], scores: [1, 2] }])).toBe(0);
    expect(
      meanReciprocalRank([
        { relevance: [0, 0], scores: [1, 2] },
        { relevance: [0, 1], scores: [2, 1] },
      ]),
    ).toBe(0.25);
  });

  test('Q1: NaN, columns that do not fit, no query and k = 0 are refused', () => {
    expect(() => ndcg([])).toThrow(/queries is empty/);
    expect(() => ndcg([{ relevance: [1], scores: [1, 2] }])).toThrow(/queries\[0\]\.relevance has 1 rows and queries\[0\]\.scores has 2/);
    expect(() => dcg([{ relevance: [1], scores: [Number.NaN] }])).toThrow(/queries\[0\]\.scores\[0\] is NaN/);
    expect(() => ndcg([{ relevance: [-1], scores: [1] }])).toThrow(/is -1; accepted are finite numbers of at least 0/);
    expect(() => dcg([{ relevance: [1], scores: [1] }], 0)).toThrow(/k is 0/);
  });
});
