import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { plainFault } from '../../contract/plain-fault.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { withFile } from '../../model-files/byte-source.ts';
import { readOnnxMetadata } from '../../model-files/onnx.ts';
import { createPipeline } from '../pipeline/index.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { createSession, type Session } from './session.ts';
import { warmUp } from './warm-up.ts';

/** The thread that ONNX Runtime blocks, so that the process's main thread can always answer. One call at a time, in order. */
type Infer = (inputs: readonly Tensor[], outputs: readonly string[]) => Promise<readonly Tensor[]>;

async function start(port: MessagePort, { path, threads, pipeline, signature }: WorkerStart): Promise<void> {
  const session = await createSession(path, threads);
  const infer = pipeline ? pipelined(session, path, pipeline) : plain(session);
  let turn = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    turn = turn.then(() => answer(port, message.id, () => (message.type === 'warmUp' ? warmUp(session, signature) : infer(message.inputs, message.outputs))));
  });
  send(port, { type: 'ready' });
}

function plain(session: Session): Infer {
  return (inputs, outputs) => session.run(inputs, outputs.length > 0 ? outputs : session.outputNames);
}

function pipelined(session: Session, path: string, declared: NonNullable<WorkerStart['pipeline']>): Infer {
  const pipeline = createPipeline(declared, withFile(path, readOnnxMetadata));
  return async (inputs, outputs) => pipeline.run(inputs, outputs, (prepared) => session.run(prepared, session.outputNames));
}

async function answer(port: MessagePort, id: number, compute: () => Promise<readonly Tensor[]>): Promise<void> {
  try {
    const outputs = await compute();
    send(
      port,
      { type: 'done', id, outputs },
      outputs.map(({ data }) => data.buffer as ArrayBuffer),
    );
  } catch (error) {
    send(port, { type: 'refused', id, fault: plainFault(error) });
  }
}

function send(port: MessagePort, message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, [...new Set(transfer)]);
}

if (parentPort) {
  const port = parentPort;
  start(port, workerData as WorkerStart).catch((error: unknown) => send(port, { type: 'failed', fault: plainFault(error) }));
}
