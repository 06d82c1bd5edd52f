/** Element types that a JavaScript array holds as they are, by their name in the protocol. */
const ARRAYS = {
  FP32: Float32Array,
  FP64: Float64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
} as const;
type Datatype = keyof typeof ARRAYS;
export type TensorData = InstanceType<(typeof ARRAYS)[Datatype]>;

/** A tensor as its values: row by row, the datatype by the array's own. */
export interface Tensor<Data extends TensorData = TensorData> {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Data;
}

interface WireTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly parameters?: { readonly binary_data_size?: number };
}

/** A request by the binary extension of the Open Inference Protocol: a JSON head, then each tensor's bytes (little-endian). */
export function encodeTensors(inputs: readonly Tensor[]): { readonly body: Uint8Array; readonly headerLength: number } {
  const tensors = inputs.map(({ name, shape, data }) => ({ name, shape, datatype: datatypeOf(data), parameters: { binary_data_size: data.byteLength } }));
  const head = new TextEncoder().encode(JSON.stringify({ inputs: tensors, parameters: { binary_data_output: true } }));
  const body = new Uint8Array(head.length + inputs.reduce((sum, { data }) => sum + data.byteLength, 0));
  body.set(head);
  let offset = head.length;
  for (const { data } of inputs) {
    body.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return { body, headerLength: head.length };
}

/** @throws TypeError for a tensor that no array holds: texts, FP16 … (ask for those as JSON) */
export function decodeTensors(body: ArrayBuffer, headerLength: number): Tensor[] {
  const { outputs } = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 0, headerLength))) as { outputs: readonly WireTensor[] };
  let offset = headerLength;
  return outputs.map(({ name, shape, datatype, parameters }) => {
    const size = parameters?.binary_data_size;
    const Make = ARRAYS[datatype as Datatype] as (new (buffer: ArrayBuffer) => TensorData) | undefined;
    if (!Make || size === undefined) throw new TypeError(`"${name}" is ${datatype}; ask for it as JSON, by infer().`);
    const data = new Make(body.slice(offset, offset + size));
    offset += size;
    return { name, shape, data };
  });
}

function datatypeOf(data: TensorData): Datatype {
  const [datatype] = Object.entries(ARRAYS).find(([, Make]) => data instanceof Make) ?? [];
  if (datatype === undefined) throw new TypeError(`A ${data.constructor.name} is no tensor.`);
  return datatype as Datatype;
}
