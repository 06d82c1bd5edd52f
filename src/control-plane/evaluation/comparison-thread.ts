import { parentPort, workerData } from 'node:worker_threads';
import { type PairedComparison, pairedPermutationTest, seededRandom } from './metrics/index.ts';

/** What a comparison's thread is asked; it answers with the test. The scores are finite and of one length. */
export interface PairsTask {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly seed: number;
  readonly permutations: number;
}

export type PairsAnswer = PairedComparison;

function answer({ first, second, seed, permutations }: PairsTask): PairsAnswer {
  return pairedPermutationTest(first, second, seededRandom(seed), permutations);
}

// Only in its own thread: those who take its types from here run nothing.
parentPort?.postMessage(answer(workerData as PairsTask));
