import { Worker } from 'node:worker_threads';
import { systemClock, type Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import type { WeightsInfo } from '../contract/manifest.ts';
import { revive, type PlainFault } from '../contract/plain-fault.ts';
import type { InspectedFile, Inspection } from './inspection.ts';

/** What is asked of a header thread, and what it answers. */
export type HeaderTask = { readonly type: 'read'; readonly path: string } | { readonly type: 'inspect'; readonly files: readonly InspectedFile[] };
export type HeaderAnswer = { readonly value: Inspection | WeightsInfo } | { readonly fault: PlainFault };

const READ_MS_MAX = 30_000;
const HEAP_MIB_MAX = 512;

/**
 * Runs a task in a thread of its own: within the limits a hostile header can still keep a processor busy for seconds.
 * @throws Fault as the task does; `header_too_costly` when the thread needs more time or memory than it may have
 */
export async function inThread(task: HeaderTask, clock: Clock = systemClock): Promise<Inspection | WeightsInfo> {
  const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { workerData: task, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX } });
  const answer = Promise.withResolvers<HeaderAnswer>();
  const tooCostly = new Fault('invalid_argument', 'header_too_costly', 'The header of the weights takes more time or memory to read than is accepted.');
  worker.once('message', answer.resolve);
  worker.once('error', (error) => answer.reject('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooCostly : error));
  worker.once('exit', () => answer.reject(new Error('The header thread ended without an answer.')));
  const callOff = clock.timer(READ_MS_MAX, () => answer.reject(tooCostly));
  try {
    const result = await answer.promise;
    if ('fault' in result) throw revive(result.fault);
    return result.value;
  } finally {
    callOff();
    await worker.terminate();
  }
}
