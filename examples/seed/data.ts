import '@tensorflow/tfjs-backend-wasm';
import { add, cast, matMul, oneHot, randomNormal, randomUniform, type Rank, setBackend, slice, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

export const INPUTS = 1_000;
export const CLASSES = 10;
/** How far the classes lie apart, in multiples of the noise: so little that nobody can tell all of them. */
const SIGNAL = 0.095;

export interface Examples {
  /** A row an example. */
  readonly inputs: Tensor2D;
  readonly labels: readonly number[];
  readonly targets: Tensor2D;
}

/** Ten classes of points in a thousand dimensions, each round its own centre, with a good deal of noise. The same for the same seed. */
export async function makeExamples(rows: number, seed: number): Promise<Examples> {
  await setBackend('wasm');
  const centres = randomNormal<Rank.R2>([CLASSES, INPUTS], 0, SIGNAL, 'float32', 1);
  const labels = [...randomUniform([rows], 0, CLASSES, 'float32', seed).dataSync()].map(Math.floor);
  return tidy(() => {
    const targets = cast(oneHot(labels, CLASSES) as Tensor2D, 'float32');
    const noise = randomNormal<Rank.R2>([rows, INPUTS], 0, 1, 'float32', seed);
    return { inputs: add<Tensor2D>(matMul(targets, centres), noise), labels, targets };
  });
}

/** Rows `from` to `to` of the inputs, as they are called with. */
export function rowsOf({ inputs }: Examples, from: number, to: number): Float32Array {
  return slice(inputs, [from, 0], [to - from, INPUTS]).dataSync() as Float32Array;
}
