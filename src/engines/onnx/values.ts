import { Tensor as OrtTensor } from 'onnxruntime-node';
import { Fault, invalid } from '../../contract/errors.ts';
import { typedView } from '../../contract/oip-json.ts';
import type { Datatype, Tensor } from '../../contract/tensor.ts';
import { bytesElements, packBytes } from '../../contract/tensor-shape.ts';

/** Between the Open Inference Protocol's tensors and ONNX Runtime's. */

type OrtType = OrtTensor.Type;

const ORT_TYPE: Readonly<Record<Exclude<Datatype, 'BF16'>, OrtType>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};
const DATATYPE: ReadonlyMap<string, Datatype> = new Map(Object.entries(ORT_TYPE).map(([datatype, type]) => [type, datatype as Datatype]));

/** @throws Fault for what ONNX Runtime for Node doesn't have: BF16, and BYTES that are not UTF-8 or hold a NUL (it would silently cut them there) */
export function toOrt({ name, datatype, shape, data }: Tensor): OrtTensor {
  if (datatype === 'BF16') throw invalid(`Input '${name}': BF16 is not supported by this engine.`, name);
  if (datatype === 'BYTES') return new OrtTensor('string', textsOf(name, data), shape);
  const view = typedView(datatype, data);
  // On Node 24 the class turns half precision into a Float16Array, which the native part (1.30) reads as empty: it wants the bits.
  if (datatype === 'FP16') return Object.assign(new OrtTensor('uint16', view as Uint16Array, shape), { type: 'float16' as const });
  return new OrtTensor(ORT_TYPE[datatype], view as OrtTensor.DataType, shape);
}

function textsOf(name: string, data: Uint8Array): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (const element of bytesElements(data)) if (element.includes(0)) throw invalid(`Input '${name}' has text with a NUL character, which this engine can't pass on.`, name);
  try {
    return Array.from(bytesElements(data), (element) => decoder.decode(element));
  } catch {
    throw invalid(`Input '${name}' has bytes that are not UTF-8; this model takes text.`, name);
  }
}

/** The output as a tensor of its own memory: ONNX Runtime may use its memory again. */
export function fromOrt(name: string, value: OrtTensor): Tensor {
  const datatype = DATATYPE.get(value.type);
  if (!datatype) throw new Fault('unprocessable', 'unsupported_output', `Output '${name}' has the type ${value.type}, which the protocol doesn't have.`);
  const { data } = value;
  if (Array.isArray(data)) return { name, datatype, shape: [...value.dims], data: packBytes(data.map((text) => Buffer.from(text, 'utf8'))) };
  const view = data;
  return { name, datatype, shape: [...value.dims], data: new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() };
}
