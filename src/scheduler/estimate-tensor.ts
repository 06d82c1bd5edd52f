import type { Manifest, WeightsInfo } from '../contract/manifest.ts';
import { ELEMENT_BYTES } from '../contract/tensor.ts';
import { wholeOption } from '../model-files/text-shape.ts';
import { VARIABLE_SIZE } from '../model-files/tfjs/index.ts';

/** One line of an estimate: what, by which arithmetic, how many bytes, and where the formula is from. */
export interface EstimateLine {
  readonly what: string;
  readonly arithmetic: string;
  readonly bytes: number;
  readonly source: string;
}

const MIB = 1_048_576;
/** Bytes of a value as it is computed with. */
const FLOAT_BYTES = 4;

/** What `engineOptions.sizeMax` may be. */
const SIZE_MAX = 65_536;

/** Fitted to the peaks of docs/guides/scheduling.md: what ONNX Runtime's arena begins with, and what it grows by for each byte of a call's inputs. */
const ONNX_ARENA_MIB = 48;
const ONNX_INPUT_FACTOR = 20;

/** ONNX Runtime copies what it repacks for its kernels, and keeps its arena. Its files don't say what lies between inputs and outputs, so that is taken from the inputs. */
export function onnxLines({ weights, batching, engineOptions }: Manifest): readonly EstimateLine[] {
  const { tensorBytes } = weights;
  const rows = batching?.maxBatchSize ?? 1;
  const sizeMax = wholeOption(engineOptions, 'sizeMax', SIZE_MAX) ?? VARIABLE_SIZE;
  const inputs = inputBytes(weights, sizeMax);
  return [
    { what: 'repacked weights', arithmetic: `${tensorBytes} bytes × 1`, bytes: tensorBytes, source: 'ONNX Runtime prepacks weights for its kernels' },
    {
      what: 'activations',
      arithmetic: `${ONNX_ARENA_MIB} MiB + ${rows} rows × ${inputs} bytes of inputs × ${ONNX_INPUT_FACTOR}`,
      bytes: ONNX_ARENA_MIB * MIB + rows * inputs * ONNX_INPUT_FACTOR,
      source: `fitted to measured peaks; a size that varies is taken as ${sizeMax} (engineOptions.sizeMax)`,
    },
    garbageLine(rows, inputs),
  ];
}

/** Whatever the files hold, TF.js computes in 32 bits; that it holds three times when it loads and runs. */
const DECODED_COPIES = 3;
/** A graph model's file has no shapes of what lies between its inputs and outputs, so that is taken from the inputs. */
const GRAPH_ARENA_MIB = 40;
const GRAPH_INPUT_FACTOR = 14;
/** A layer's objects, and its kernel once it is compiled. Fitted to measured peaks. */
const LAYER_BYTES = 157_286;
export function tfjsLines({ weights, batching, engineOptions }: Manifest): readonly EstimateLine[] {
  const { parameters, activations } = weights;
  const rows = batching?.maxBatchSize ?? 1;
  const sizeMax = wholeOption(engineOptions, 'sizeMax', SIZE_MAX) ?? VARIABLE_SIZE;
  const inputs = inputBytes(weights, sizeMax);
  const decoded: EstimateLine = {
    what: 'decoded weights',
    arithmetic: `${parameters} parameters × ${FLOAT_BYTES} bytes × ${DECODED_COPIES}`,
    bytes: parameters * FLOAT_BYTES * DECODED_COPIES,
    source: 'decoded, copied into the wasm heap, and packed there by XNNPACK',
  };
  return [decoded, ...(activations ? layerLines(activations, rows) : [graphLine(rows, inputs)]), garbageLine(rows, inputs)];
}

function graphLine(rows: number, inputs: number): EstimateLine {
  return {
    what: 'activations',
    arithmetic: `${GRAPH_ARENA_MIB} MiB + ${rows} rows × ${inputs} bytes of inputs × ${GRAPH_INPUT_FACTOR}`,
    bytes: GRAPH_ARENA_MIB * MIB + rows * inputs * GRAPH_INPUT_FACTOR,
    source: 'a graph model names no shapes inside; fitted to measured peaks',
  };
}

function layerLines({ valuesPerRow, indexBytes, layerCalls }: NonNullable<WeightsInfo['activations']>, rows: number): readonly EstimateLine[] {
  return [
    {
      what: 'activations',
      arithmetic: `${rows} rows × ${valuesPerRow} values × ${FLOAT_BYTES} bytes`,
      bytes: rows * valuesPerRow * FLOAT_BYTES,
      source: "the layers' shapes, placed in the heap in the order of a run",
    },
    {
      what: 'convolutions and layers',
      arithmetic: `${indexBytes} bytes + ${layerCalls} layers × ${LAYER_BYTES} bytes`,
      bytes: Math.ceil(indexBytes + layerCalls * LAYER_BYTES),
      source: "XNNPACK's indirection buffers, places × window × 4; fitted to measured peaks",
    },
  ];
}

/** Bodies and tensors of calls that ended: engines/tensor-thread/collector.ts collects each thread's every 16 MiB. Fitted to measured peaks. */
const GARBAGE_CALLS = 64;
const GARBAGE_MIB_MAX = 60;

function garbageLine(rows: number, inputs: number): EstimateLine {
  return {
    what: 'calls that ended',
    arithmetic: `${GARBAGE_CALLS} calls × ${rows} rows × ${inputs} bytes of inputs, at most ${GARBAGE_MIB_MAX} MiB`,
    bytes: Math.min(GARBAGE_CALLS * rows * inputs, GARBAGE_MIB_MAX * MIB),
    source: 'both threads collect every 16 MiB; fitted to measured peaks',
  };
}

/** Of one row: the first dimension is the rows. */
function inputBytes({ signature }: WeightsInfo, sizeMax: number): number {
  const bytes = (signature?.inputs ?? []).map(({ datatype, shape }) => {
    const values = shape.slice(1).reduce((product, size) => product * (size === -1 ? sizeMax : size), 1);
    return datatype === 'BYTES' ? 0 : values * ELEMENT_BYTES[datatype];
  });
  return bytes.reduce((sum, one) => sum + one, 0);
}
