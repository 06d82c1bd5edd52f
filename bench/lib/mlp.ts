import { onnx, proto } from '../../src/model-files/testing/build.ts';

/** The seed article's classifier in its real shape, with RANDOM weights: 1000 → 128 relu → 10 softmax, any number of rows. */
export const MLP_INPUTS = 1_000;
export const MLP_CLASSES = 10;
const HIDDEN = 128;
const FLOAT = 1;

function weights(name: string, ...dimensions: readonly number[]): Buffer {
  const count = dimensions.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => (Math.random() - 0.5) / Math.sqrt(dimensions[0] ?? 1));
  return onnx.tensor(name, dimensions, FLOAT, proto.bytes(9, new Uint8Array(values.buffer)));
}

export function buildMlp(): Buffer {
  return network(HIDDEN, 0);
}

/** The same with a wider hidden layer that is passed again and again: little to send, much to compute, and weights that stay in the cache. */
export function buildDeepMlp(hidden: number, passes: number): Buffer {
  return network(hidden, passes);
}

function network(hidden: number, passes: number): Buffer {
  const again = Array.from({ length: passes }, (_, pass) => [
    proto.bytes(1, onnx.node('Gemm', [`r${pass}`, 'w', 'b1'], [`h${pass + 1}`])),
    proto.bytes(1, onnx.node('Relu', [`h${pass + 1}`], [`r${pass + 1}`])),
  ]).flat();
  return onnx.model([
    proto.bytes(1, onnx.node('Gemm', ['x', 'w1', 'b1'], ['h0'])),
    proto.bytes(1, onnx.node('Relu', ['h0'], ['r0'])),
    ...again,
    proto.bytes(1, onnx.node('Gemm', [`r${passes}`, 'w2', 'b2'], ['logits'])),
    proto.bytes(1, onnx.node('Softmax', ['logits'], ['y'])),
    proto.bytes(5, weights('w1', MLP_INPUTS, hidden)),
    proto.bytes(5, weights('b1', hidden)),
    proto.bytes(5, weights('w2', hidden, MLP_CLASSES)),
    proto.bytes(5, weights('b2', MLP_CLASSES)),
    ...(passes > 0 ? [proto.bytes(5, weights('w', hidden, hidden))] : []),
    proto.bytes(11, onnx.value('x', FLOAT, ['rows', MLP_INPUTS])),
    proto.bytes(12, onnx.value('y', FLOAT, ['rows', MLP_CLASSES])),
  ]);
}
