import { tensor, type DataType, type Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { Fault, invalid } from '../../contract/errors.ts';
import { typedView } from '../../contract/oip-json.ts';
import type { Datatype, Tensor } from '../../contract/tensor.ts';
import { bytesElements, packBytes } from '../../contract/tensor-shape.ts';

/** Between the Open Inference Protocol's tensors and TF.js', which has four types. */
const TYPES = { FP32: 'float32', INT32: 'int32', BOOL: 'bool', BYTES: 'string' } as const satisfies Partial<Record<Datatype, DataType>>;
const DATATYPES: ReadonlyMap<string, Datatype> = new Map(Object.entries(TYPES).map(([datatype, type]) => [type, datatype as Datatype]));

/** Copies into the backend's memory. @throws Fault for a datatype that TF.js doesn't have */
export function toTf({ name, datatype, shape, data }: Tensor): TfTensor {
  if (!isKnown(datatype)) throw invalid(`Input '${name}': ${datatype} is not supported by this engine; it has ${Object.keys(TYPES).join(', ')}.`, name);
  // Strings are bytes to TF.js too, unless somebody reads them as text.
  const values = datatype === 'BYTES' ? [...bytesElements(data)] : (typedView(datatype, data) as Float32Array | Int32Array | Uint8Array);
  return tensor(values as Float32Array, [...shape], TYPES[datatype]);
}

/** The values are a copy. */
export async function fromTf(name: string, value: TfTensor): Promise<Tensor> {
  const datatype = DATATYPES.get(value.dtype);
  if (!datatype) throw new Fault('unprocessable', 'unsupported_output', `Output '${name}' has the type ${value.dtype}, which the protocol doesn't have.`);
  const { shape } = value;
  if (datatype === 'BYTES') return { name, datatype, shape, data: packBytes((await value.bytes()) as Uint8Array[]) };
  const { buffer, byteOffset, byteLength } = value.dataSync();
  return { name, datatype, shape, data: new Uint8Array(buffer, byteOffset, byteLength).slice() };
}

/** TF.js' name of a datatype that it has. */
export function tfType(datatype: Datatype): DataType | undefined {
  return isKnown(datatype) ? TYPES[datatype] : undefined;
}

function isKnown(datatype: Datatype): datatype is keyof typeof TYPES {
  return Object.hasOwn(TYPES, datatype);
}
