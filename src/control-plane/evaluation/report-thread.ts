import { parentPort, workerData } from 'node:worker_threads';
import { type Examples, type Report, reportOf } from './model.ts';

/** What a report's thread is asked, and what it answers: the report, or what of the examples can't be measured. */
export interface ReportTask {
  readonly examples: Examples;
  readonly seed: number;
}

export type ReportAnswer = { readonly report: Report } | { readonly problem: string };

function answer({ examples, seed }: ReportTask): ReportAnswer {
  try {
    return { report: reportOf(examples, seed) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

// Only in its own thread: those who take its types from here run nothing.
parentPort?.postMessage(answer(workerData as ReportTask));
