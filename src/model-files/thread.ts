import { systemClock, type Clock } from '../base/clock.ts';
import { inThread } from '../base/thread.ts';
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
export async function inHeaderThread(task: HeaderTask, clock: Clock = systemClock): Promise<Inspection | WeightsInfo> {
  const tooCostly = new Fault('invalid_argument', 'header_too_costly', 'The header of the weights takes more time or memory to read than is accepted.');
  const module = new URL('./thread-main.ts', import.meta.url);
  const answer = await inThread<HeaderAnswer>(module, { data: task, msMax: READ_MS_MAX, heapMibMax: HEAP_MIB_MAX, tooCostly, clock });
  if ('fault' in answer) throw revive(answer.fault);
  return answer.value;
}
