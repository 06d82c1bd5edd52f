import { parentPort, workerData } from 'node:worker_threads';
import { plainFault } from '../contract/plain-fault.ts';
import { withFile } from './byte-source.ts';
import { inspectHere } from './inspect.ts';
import type { HeaderAnswer, HeaderTask } from './thread.ts';
import { readWeightsFrom } from './weights.ts';

function answer(task: HeaderTask): HeaderAnswer {
  try {
    return { value: task.type === 'inspect' ? inspectHere(task.files) : withFile(task.path, (source) => readWeightsFrom(source).weights) };
  } catch (error) {
    return { fault: plainFault(error) };
  }
}

parentPort?.postMessage(answer(workerData as HeaderTask));
