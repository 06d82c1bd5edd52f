import type { MessagePort } from 'node:worker_threads';
import { plainFault } from '../../contract/plain-fault.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { createPipeline } from '../pipeline/index.ts';
import { createCollector } from './collector.ts';
import type { FromWorker, ThreadStart, ToWorker } from './messages.ts';
import type { Session } from './session.ts';
import { warmUp } from './warm-up.ts';

export interface Loaded {
  readonly session: Session;
  /** Of the weights; a pipeline's steps may take labels from it. */
  readonly metadata: ReadonlyMap<string, string>;
}

type Infer = (inputs: readonly Tensor[], outputs: readonly string[]) => Promise<readonly Tensor[]>;

/** The worker's side: loads, then answers one call at a time, in order. A failed load is told, not thrown. */
export async function serveThread(port: MessagePort, start: ThreadStart, load: () => Promise<Loaded>): Promise<void> {
  try {
    const { session, metadata } = await load();
    const infer = start.pipeline ? pipelined(session, start.pipeline, metadata) : plain(session);
    let turn = Promise.resolve();
    const ended = createCollector();
    port.on('message', (message: ToWorker) => {
      turn = turn
        .then(() => answer(port, message.id, () => (message.type === 'warmUp' ? warmUp(session, start.signature) : infer(message.inputs, message.outputs))))
        .then(() => (message.type === 'infer' ? ended(message.inputs) : undefined));
    });
    send(port, { type: 'ready' });
  } catch (error) {
    send(port, { type: 'failed', fault: plainFault(error) });
  }
}

function plain(session: Session): Infer {
  return (inputs, outputs) => session.run(inputs, outputs.length > 0 ? outputs : session.outputNames);
}

function pipelined(session: Session, declared: NonNullable<ThreadStart['pipeline']>, metadata: Loaded['metadata']): Infer {
  const pipeline = createPipeline(declared, metadata);
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
