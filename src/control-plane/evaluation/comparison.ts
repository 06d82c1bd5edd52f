import { invalid } from '../../contract/errors.ts';
import type { PairsAnswer, PairsTask } from './comparison-thread.ts';
import { mcNemar } from './metrics/index.ts';
import type { Report } from './model.ts';
import type { StoredEvaluation } from './store.ts';

/** A paired test of two evaluations on the same examples. */
export interface Comparison {
  readonly test: 'mcnemar' | 'permutation';
  /** What each example was scored by. */
  readonly score: string;
  /** Examples that both answered; the others are left out. */
  readonly pairs: number;
  readonly leftOut: number;
  /** Mean score of the first less that of the second; the higher, the better the first. */
  readonly difference: number;
  /** Two-sided. */
  readonly p: number;
  /** Of McNemar's test: examples that only the one got right. */
  readonly onlyFirst?: number;
  readonly onlySecond?: number;
}

/** So many permutations, fewer where there are many pairs: the work is bounded by their product. */
const PERMUTATIONS_MAX = 10_000;
const PERMUTED_PAIRS_MAX = 20_000_000;

const SCORE: Readonly<Record<Report['task'], string>> = {
  classification: 'correct',
  generation: 'rougeL',
  embedding: 'minus the squared difference of ranks',
  regression: 'minus the absolute error',
  ranking: '',
  code: '',
};

/** Classifications by the exact McNemar test, all else by the paired permutation test of each example's score. @throws Fault when they can't be compared */
export async function compareEvaluations(first: StoredEvaluation, second: StoredEvaluation, permute: (task: PairsTask) => Promise<PairsAnswer>): Promise<Comparison> {
  const [a, b] = [scoresOf(first), scoresOf(second)];
  if (!a || !b) throw invalid('Only classifications and runs of a dataset are compared: of others the answers to each example are not kept.', 'with');
  if (first.examplesDigest !== second.examplesDigest) throw invalid('The two evaluations did not measure the same examples, so they can not be compared pair by pair.', 'with');
  const pairs = a.flatMap((one, index) => {
    const other = b[index];
    return one === null || other === null || other === undefined ? [] : [[one, other] as const];
  });
  if (pairs.length === 0) throw invalid('There is no example that both evaluations have an answer to.', 'with');
  const [mine, others] = [pairs.map(([one]) => one), pairs.map(([, other]) => other)];
  const common = { score: SCORE[first.report.task], pairs: pairs.length, leftOut: a.length - pairs.length };
  if (first.report.task !== 'classification') {
    const permutations = Math.min(PERMUTATIONS_MAX, Math.ceil(PERMUTED_PAIRS_MAX / pairs.length));
    return { test: 'permutation', ...common, ...(await permute({ first: mine, second: others, seed: first.report.seed, permutations })) };
  }
  const tested = mcNemar(
    mine.map((score) => score === 1),
    others.map((score) => score === 1),
  );
  return { test: 'mcnemar', ...common, difference: (tested.onlyFirst - tested.onlySecond) / pairs.length, ...tested };
}

function scoresOf({ scores, correct }: StoredEvaluation): readonly (number | null)[] | undefined {
  return scores ?? correct?.map(Number);
}
