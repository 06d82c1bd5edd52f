import type { EngineSpec } from '../../contract/engine-wire.ts';
import { invalid } from '../../contract/errors.ts';
import type { TensorSignature } from '../../contract/tensor.ts';
import type { TensorEngine } from '../engine.ts';
import { createCollector } from './collector.ts';
import type { ModelThread } from './thread.ts';

/** Two: one computes while the other's bytes are read or written. */
const SLOTS_DEFAULT = 2;

/** The weights' own signature. @throws Fault where the manifest has none */
export function signatureOf({ manifest: { weights } }: EngineSpec): TensorSignature {
  if (!weights.signature) throw invalid('The manifest has no tensor signature.', 'weights.signature');
  return weights.signature;
}

/** A tensor engine whose model runs in `thread`; callers see the pipeline's signature where one is declared. engineOptions: `slots`. */
export function threadEngine(spec: EngineSpec, thread: ModelThread): TensorEngine {
  const { pipeline, engineOptions } = spec.manifest;
  const { inputs, outputs } = pipeline ?? signatureOf(spec);
  const ended = createCollector();
  return {
    dialect: 'oip',
    slots: typeof engineOptions['slots'] === 'number' && engineOptions['slots'] >= 1 ? Math.floor(engineOptions['slots']) : SLOTS_DEFAULT,
    signature: { inputs, outputs },
    async infer(tensors, wanted, signal) {
      signal.throwIfAborted();
      // Copies: they start aligned, and giving them away costs nothing; the body they come from is shared.
      try {
        return await thread.call({ type: 'infer', inputs: tensors.map((tensor) => ({ ...tensor, data: new Uint8Array(tensor.data) })), outputs: wanted });
      } finally {
        ended(tensors);
      }
    },
    warmUp: async () => void (await thread.call({ type: 'warmUp' })),
    close: () => thread.close(),
  };
}
