import { checkCount, checkNumbers, checkRows } from './checks.ts';
import { mean, sumOver } from './numbers.ts';

/** One query's documents: how relevant each is (the gain, ≥ 0 and linear) and how the model scored it. */
export interface RankedQuery {
  readonly relevance: readonly number[];
  readonly scores: readonly number[];
}

/**
 * DCG@k = Σ relᵣ / log₂(r+1) over the k best-scored documents, r from 1, averaged over the queries: ≥ 0, higher is better, in units of
 * relevance. Documents of equal score share their mean gain. Without k all documents count. Throws RangeError for no query, columns that do not
 * fit, NaN, or k < 1. Source: Järvelin and Kekäläinen 2002; ties by McSherry and Najork 2008, as in scikit-learn's `dcg_score`.
 */
export function dcg(queries: readonly RankedQuery[], k?: number): number {
  checkQueries('dcg', queries, k);
  return mean(queries.map((query) => discountedGain(query, k)));
}

/**
 * NDCG@k = DCG@k / the DCG@k of the ideal order, averaged over the queries: 0 … 1, higher is better; 0 for a query without relevant document.
 * Relevance must be ≥ 0. Throws as `dcg`. Source: scikit-learn, `ndcg_score`; a query of one document is accepted here.
 */
export function ndcg(queries: readonly RankedQuery[], k?: number): number {
  checkQueries('ndcg', queries, k);
  for (const [index, { relevance }] of queries.entries()) checkNumbers('ndcg', `queries[${index}].relevance`, relevance, { min: 0 });
  return mean(
    queries.map((query) => {
      const ideal = discountedGain({ relevance: query.relevance, scores: query.relevance }, k);
      return ideal === 0 ? 0 : discountedGain(query, k) / ideal;
    }),
  );
}

/**
 * Mean reciprocal rank of the best-scored relevant document (relevance > 0): 0 … 1, higher is better; 0 for a query without one. Among equal
 * scores it takes the worst rank, so that scoring everything alike gains nothing. Throws as `dcg`.
 * Source: Voorhees, TREC-8 1999; with one relevant document a query it equals scikit-learn's `label_ranking_average_precision_score`.
 */
export function meanReciprocalRank(queries: readonly RankedQuery[]): number {
  checkQueries('mrr', queries);
  return mean(queries.map(reciprocalRank));
}

function checkQueries(metric: string, queries: readonly RankedQuery[], k?: number): void {
  checkRows(metric, { queries });
  if (k !== undefined) checkCount(metric, 'k', k, { min: 1 });
  for (const [index, { relevance, scores }] of queries.entries()) {
    checkRows(metric, { [`queries[${index}].relevance`]: relevance, [`queries[${index}].scores`]: scores });
    checkNumbers(metric, `queries[${index}].relevance`, relevance);
    checkNumbers(metric, `queries[${index}].scores`, scores);
  }
}

function discountedGain({ relevance, scores }: RankedQuery, k = scores.length): number {
  const order = [...scores.keys()].toSorted((a, b) => scores[b]! - scores[a]!);
  const discount = (rank: number): number => (rank < k ? 1 / Math.log2(rank + 2) : 0);
  let gained = 0;
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const from = start;
    const width = end - start;
    gained += (sumOver(width, (index) => relevance[order[from + index]!]!) / width) * sumOver(width, (index) => discount(from + index));
    start = end;
  }
  return gained;
}

function reciprocalRank({ relevance, scores }: RankedQuery): number {
  const best = scores.reduce((most, score, index) => (relevance[index]! > 0 ? Math.max(most, score) : most), -Infinity);
  return best === -Infinity ? 0 : 1 / scores.filter((score) => score >= best).length;
}
