import { Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';

export interface ThreadTask {
  /** What the module finds as its `workerData`. */
  readonly data: unknown;
  readonly msMax: number;
  readonly heapMibMax: number;
  /** Thrown when the thread needs more time or memory than it may have. */
  readonly tooCostly: Error;
  readonly clock: Clock;
}

/** Runs a module in a thread of its own and resolves with the one message that it posts: for what would keep the thread that serves busy. */
export async function inThread<Answer>(module: URL, { data, msMax, heapMibMax, tooCostly, clock }: ThreadTask): Promise<Answer> {
  const worker = new Worker(module, { workerData: data, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: heapMibMax } });
  const answer = Promise.withResolvers<Answer>();
  worker.once('message', answer.resolve);
  worker.once('error', (error) => answer.reject('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooCostly : error));
  worker.once('exit', () => answer.reject(new Error('The thread ended without an answer.')));
  const callOff = clock.timer(msMax, () => answer.reject(tooCostly));
  try {
    return await answer.promise;
  } finally {
    callOff();
    await worker.terminate();
  }
}
