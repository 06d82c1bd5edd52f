import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Tensor } from '../../contract/tensor.ts';

/** What ended calls may leave lying in a thread. V8 alone lets a hundred megabytes of bodies and tensors lie, now more and now less, and a replica's memory could not be told beforehand. */
const LEFT_BYTES_MAX = 16 * 1_048_576;

/** @returns to be told the tensors of each call that ended; every so many bytes it collects this thread's garbage, a few milliseconds, once the answer is on its way */
export function createCollector(): (tensors: readonly Tensor[]) => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let left = 0;
  return (tensors) => {
    left += tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (left < LEFT_BYTES_MAX) return;
    left = 0;
    setImmediate(collect);
  };
}
