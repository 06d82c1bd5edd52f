import { Worker } from 'node:worker_threads';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { revive } from '../../contract/plain-fault.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { openVerified } from '../../model-files/verified.ts';
import type { TensorEngine } from '../engine.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

/** Two: one computes while the other's bytes are read or written. */
const SLOTS_DEFAULT = 2;

/**
 * An ONNX model on ONNX Runtime's CPU provider, in a worker thread; with the manifest's pipeline around it where one is declared.
 * engineOptions: `slots`.
 * @throws Fault when the weights' digest differs or the runtime can't load them
 */
export async function createOnnxEngine(spec: EngineSpec): Promise<TensorEngine> {
  const { pipeline, weights, engineOptions } = spec.manifest;
  if (!weights.signature) throw invalid('The manifest has no tensor signature.', 'weights.signature');
  const verified = await openVerified(...weightsOf(spec));
  const worker = await startWorker({ path: verified.path, threads: spec.threads, pipeline, signature: weights.signature }).finally(() => verified.close());
  const { inputs, outputs } = pipeline ?? weights.signature;
  return {
    dialect: 'oip',
    slots: typeof engineOptions['slots'] === 'number' && engineOptions['slots'] >= 1 ? Math.floor(engineOptions['slots']) : SLOTS_DEFAULT,
    signature: { inputs, outputs },
    async infer(tensors, wanted, signal) {
      signal.throwIfAborted();
      // Copies: they start aligned, and giving them away costs nothing; the body they come from is shared.
      return await worker.call({ type: 'infer', inputs: tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) })), outputs: wanted });
    },
    warmUp: async () => void (await worker.call({ type: 'warmUp' })),
    close: () => worker.close(),
  };
}

function weightsOf({ manifest, files }: EngineSpec): readonly [path: string, digest: string] {
  // Beside the weights a version may have texts (labels, a licence); the weights are by far the largest.
  const file = manifest.files.toSorted((one, other) => other.bytes - one.bytes)[0];
  const path = file && files[file.path];
  if (!file || path === undefined) throw invalid('The manifest has no file with weights.', 'files');
  return [path, file.digest];
}

type Unnumbered<M> = M extends unknown ? Omit<M, 'id'> : never;

interface ModelWorker {
  /** Resolves when the worker has computed it; a run can't be stopped half-way. */
  call(message: Unnumbered<ToWorker>): Promise<readonly Tensor[]>;
  close(): Promise<void>;
}

async function startWorker(start: WorkerStart): Promise<ModelWorker> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start, execArgv: [] });
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
