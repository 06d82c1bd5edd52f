import type { EngineSpec } from '../../contract/engine-wire.ts';
import { Fault } from '../../contract/errors.ts';
import type { TensorSignature } from '../../contract/tensor.ts';
import type { TensorEngine } from '../engine.ts';

const SLOTS_DEFAULT = 4;

/**
 * A deterministic tensor engine for tests: the n-th output of the signature is the n-th input, bytes and shape unchanged.
 * engineOptions: `slots`.
 */
export function createEchoTensorEngine(spec: Pick<EngineSpec, 'manifest'>): TensorEngine {
  const { pipeline, weights, engineOptions } = spec.manifest;
  const signature: TensorSignature = pipeline ??
    weights.signature ?? {
      inputs: [{ name: 'INPUT0', datatype: 'FP32', shape: [-1] }],
      outputs: [{ name: 'OUTPUT0', datatype: 'FP32', shape: [-1] }],
    };
  return {
    dialect: 'oip',
    slots: typeof engineOptions.slots === 'number' && engineOptions.slots > 0 ? engineOptions.slots : SLOTS_DEFAULT,
    signature: { inputs: signature.inputs, outputs: signature.outputs },
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    async infer(inputs, outputs, signal) {
      signal.throwIfAborted();
      const wanted = outputs.length > 0 ? outputs : signature.outputs.map(({ name }) => name);
      return wanted.map((name) => {
        const at = signature.outputs.findIndex((output) => output.name === name);
        const source = inputs.find((input) => input.name === signature.inputs[at]?.name);
        if (source === undefined) throw new Fault('invalid_argument', 'unknown_output', `There is no output "${name}" to compute from these inputs.`, { param: 'outputs' });
        return { ...source, name };
      });
    },
  };
}
