import { isModel, type Layer, type Shape } from './layer-config.ts';

/** What a run of layers holds at most: a tensor is disposed after its last use, as TF.js' `execute` does (tfjs-layers, engine/executor). */

/** Taken for a size that varies; the first, the rows, counts as one. */
export const VARIABLE_SIZE = 64;
/** Gaps that are looked through; beyond, the lowest are given up. */
const GAPS_MAX = 256;
/** The heap is larger than one run makes it: runs before it, and kernels that were made between, leave gaps of their own, so much of what is alive. Fitted to measured peaks. */
const GAPS_SHARE = 0.25;
/** Bytes of an entry of XNNPACK's indirection buffer in WebAssembly, a pointer. */
const POINTER_BYTES = 4;

/** One call of a layer: what it reads and what it makes, by key. */
export interface Step {
  readonly layer: Layer;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Values that are alive inside of a nested model beside its inputs and outputs. */
  readonly inside: number;
}

export interface RunMemory {
  /** FP32 values of one row. */
  readonly values: number;
  /** Bytes that convolutions keep once they have run, whatever the rows. */
  readonly indexBytes: number;
  readonly layerCalls: number;
}

/**
 * How many values the heap must reach for a run, by allocating them as it does: each tensor in the smallest gap that holds it, or at the end. Gaps that fit nothing are why
 * this is more than what is alive at any moment.
 * @param kept keys that live to the end: the model's outputs
 */
export function heapValues(steps: readonly Step[], shapes: ReadonlyMap<string, Shape>, kept: ReadonlySet<string>): number {
  const sizeOf = (key: string) => valuesOf(shapes.get(key) ?? []);
  const lastUse = new Map<string, number>();
  for (const [at, { inputs }] of steps.entries()) for (const key of inputs) lastUse.set(key, at);
  const heap = createHeap();
  const places = new Map<string, Place>();
  let alive = 0;
  let most = 0;
  const begin = (key: string) => {
    if (places.has(key)) return;
    places.set(key, heap.take(sizeOf(key)));
    alive += sizeOf(key);
  };
  for (const [at, step] of steps.entries()) {
    for (const key of step.inputs) begin(key);
    const read = step.inputs.reduce((sum, key) => sum + sizeOf(key), 0);
    const made = step.outputs.reduce((sum, key) => sum + sizeOf(key), 0);
    const work = heap.take(workOf(step.layer, read, made));
    heap.take(litterOf(step.layer, made));
    for (const key of step.outputs) begin(key);
    most = Math.max(most, heap.end() + alive * GAPS_SHARE + step.inside);
    heap.give(work);
    for (const key of new Set([...step.inputs, ...step.outputs])) {
      const place = places.get(key);
      if (!place || kept.has(key) || (lastUse.get(key) ?? -1) > at) continue;
      heap.give(place);
      alive -= place.size;
      places.delete(key);
    }
  }
  return Math.ceil(most);
}

interface Place {
  readonly start: number;
  readonly size: number;
}

/** Best fit with neighbours joined, as the heap of Emscripten has it (dlmalloc). */
function createHeap(): { take(size: number): Place; give(place: Place): void; end(): number } {
  const gaps: Place[] = [];
  let end = 0;
  return {
    end: () => end,
    take(size) {
      let best = -1;
      for (const [at, gap] of gaps.entries()) if (gap.size >= size && (best < 0 || gap.size < (gaps[best]?.size ?? 0))) best = at;
      const gap = gaps[best];
      if (gap) {
        gaps.splice(best, 1, ...(gap.size > size ? [{ start: gap.start + size, size: gap.size - size }] : []));
        return { start: gap.start, size };
      }
      const last = gaps.at(-1);
      const start = last && last.start + last.size === end ? (gaps.pop()?.start ?? end) : end;
      end = start + size;
      return { start, size };
    },
    give({ start, size }) {
      if (size === 0) return;
      const at = gaps.findIndex((gap) => gap.start > start);
      gaps.splice(at < 0 ? gaps.length : at, 0, { start, size });
      const first = Math.max(0, (at < 0 ? gaps.length - 1 : at) - 1);
      for (let index = first; index < Math.min(first + 2, gaps.length - 1);) {
        const [one, other] = [gaps[index], gaps[index + 1]];
        if (one && other && one.start + one.size === other.start) gaps.splice(index, 2, { start: one.start, size: one.size + other.size });
        else index += 1;
      }
      if (gaps.length > GAPS_MAX) gaps.shift();
    },
  };
}

/** These make their output and nothing on the way, or only look at their input otherwise. */
const ONE_STEP =
  /^(Conv|Dense$|SeparableConv|DepthwiseConv|BatchNormalization|Concatenate|Add$|Multiply|ZeroPadding|Cropping|UpSampling|MaxPooling|AveragePooling|Flatten|Reshape|Dropout|SpatialDropout|Activation|ReLU|LeakyReLU|PReLU|ELU|ThresholdedReLU|InputLayer)/;

/** What a layer makes on its way to its outputs: a mean over places a transposed copy of its input; of the others that take several steps one more output. */
function workOf(layer: Layer, read: number, made: number): number {
  if (isModel(layer) || ONE_STEP.test(layer.className)) return 0;
  return layer.className.startsWith('Global') ? read : made;
}

/** What a layer leaves lying until the run ends, as it tidies nothing itself: of TF.js' layers a ReLU that cuts, and one with a threshold. */
function litterOf(layer: Layer, made: number): number {
  if (layer.className === 'ThresholdedReLU') return 2 * made;
  return layer.className === 'ReLU' && layer.has('max_value') ? made : 0;
}

/** XNNPACK finds the inputs of each output of a convolution by a buffer of pointers, one for each element of the window; a window of one needs none. */
export function indexBytesOf(layer: Layer, [output]: readonly Shape[]): number {
  if (!/^(Conv2D|DepthwiseConv2D|SeparableConv2D)$/.test(layer.className) || !output) return 0;
  const window = layer.sizes('kernel_size', 2).reduce((product, size) => product * size, 1);
  const isFirst = layer.word('data_format', ['channels_last', 'channels_first']) === 'channels_first';
  const places = valuesOf([1, ...(isFirst ? output.slice(2) : output.slice(1, -1))]);
  return window === 1 ? 0 : places * window * POINTER_BYTES;
}

function valuesOf([, ...sizes]: Shape): number {
  return sizes.reduce((product, size) => product * (size === -1 ? VARIABLE_SIZE : size), 1);
}
