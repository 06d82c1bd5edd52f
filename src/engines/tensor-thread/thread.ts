import { Worker } from 'node:worker_threads';
import { Fault } from '../../contract/errors.ts';
import { revive } from '../../contract/plain-fault.ts';
import type { Tensor } from '../../contract/tensor.ts';
import type { FromWorker, ToWorker } from './messages.ts';

type Unnumbered<M> = M extends unknown ? Omit<M, 'id'> : never;

export interface ModelThread {
  /** Resolves when the worker has computed it; a run can't be stopped half-way. */
  call(message: Unnumbered<ToWorker>): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

/** Runs `script` as a worker thread with `start` as its data; resolves when its model is loaded. @throws Fault as loading did */
export async function startThread(script: URL, start: unknown): Promise<ModelThread> {
  const worker = new Worker(script, { workerData: start, execArgv: [] });
  const pending = new Map<number, PromiseWithResolvers<readonly Tensor[]>>();
  const ready = Promise.withResolvers<void>();
  let isClosing = false;
  let isReady = false;
  let ended: Error | undefined;
  let lastId = 0;
  worker.on('message', (message: FromWorker) => {
    if (message.type === 'ready') return ready.resolve();
    if (message.type === 'failed') return ready.reject(revive(message.fault));
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.type === 'done') call?.resolve(message.outputs);
    else call?.reject(revive(message.fault));
  });
  const lost = (error: Error) => {
    if (ended) return;
    ended = isClosing ? new Fault('unavailable', 'engine_draining', 'The engine is closing.') : error;
    ready.reject(ended);
    for (const call of pending.values()) call.reject(ended);
    pending.clear();
    // Without its thread the engine is of no use: the process ends, and its launcher starts another.
    if (isReady && !isClosing)
      setImmediate(() => {
        throw error;
      });
  };
  worker.on('error', lost);
  worker.on('exit', (code) => lost(new Error(`The inference thread ended with code ${code}.`)));
  try {
    await ready.promise;
    isReady = true;
  } catch (error) {
    isClosing = true;
    await worker.terminate();
    throw error;
  }
  return {
    call(message) {
      if (ended) return Promise.reject(ended);
      const call = Promise.withResolvers<readonly Tensor[]>();
      const id = (lastId += 1);
      pending.set(id, call);
      const transfer = message.type === 'infer' ? message.inputs.map(({ data }) => data.buffer as ArrayBuffer) : [];
      worker.postMessage({ ...message, id }, transfer);
      return call.promise;
    },
    async close() {
      isClosing = true;
      await worker.terminate();
    },
  };
}
