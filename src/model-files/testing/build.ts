/** Small, hand-made, valid model files for tests. */

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
};
const ggufString = (text: string) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);

export const gguf = {
  u32: (key: string, value: number) => Buffer.concat([ggufString(key), u32(4), u32(value)]),
  string: (key: string, value: string) => Buffer.concat([ggufString(key), u32(8), ggufString(value)]),
  strings: (key: string, values: readonly string[]) => Buffer.concat([ggufString(key), u32(9), u32(8), u64(values.length), ...values.map(ggufString)]),
  /** A value of any type, its bytes as given. */
  raw: (key: string, type: number, bytes: Uint8Array) => Buffer.concat([ggufString(key), u32(type), bytes]),
  tensor: (name: string, dimensions: readonly (number | bigint)[], type: number, offset: number | bigint) =>
    Buffer.concat([ggufString(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset)]),
  u64,
};

export interface GgufParts {
  readonly version?: number;
  readonly keys?: readonly Buffer[];
  readonly tensors?: readonly Buffer[];
  readonly keyCount?: number | bigint;
  readonly tensorCount?: number | bigint;
  readonly dataBytes?: number;
}

export const LLAMA_KEYS: readonly Buffer[] = [
  gguf.string('general.architecture', 'llama'),
  gguf.u32('llama.context_length', 2048),
  gguf.u32('llama.embedding_length', 64),
  gguf.u32('llama.block_count', 2),
  gguf.u32('llama.attention.head_count', 4),
  gguf.u32('llama.attention.head_count_kv', 2),
  gguf.string('tokenizer.chat_template', '{{ messages }}'),
  gguf.strings('tokenizer.ggml.tokens', ['<s>', 'a', 'b']),
  gguf.string('general.license', 'apache-2.0'),
];
/** 64 × 32 weights of Q4_1 (1280 bytes) and 64 of F32 (256 bytes). */
export const LLAMA_TENSORS: readonly Buffer[] = [gguf.tensor('token_embd.weight', [64, 32], 3, 0), gguf.tensor('output_norm.weight', [64], 0, 1280)];

export function buildGguf(parts: GgufParts = {}): Buffer {
  const keys = parts.keys ?? LLAMA_KEYS;
  const tensors = parts.tensors ?? LLAMA_TENSORS;
  const head = Buffer.concat([Buffer.from('GGUF'), u32(parts.version ?? 3), u64(parts.tensorCount ?? tensors.length), u64(parts.keyCount ?? keys.length), ...keys, ...tensors]);
  return Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.alloc(parts.dataBytes ?? 1536)]);
}

function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** Protobuf fields: a number, and text or bytes. */
export const proto = {
  number: (field: number, value: number | bigint) => Buffer.concat([varint(field << 3), varint(value)]),
  bytes: (field: number, ...content: readonly (Uint8Array | string)[]) => {
    const payload = Buffer.concat(content.map((part) => Buffer.from(part)));
    return Buffer.concat([varint((field << 3) | 2), varint(payload.length), payload]);
  },
};

export const onnx = {
  tensor: (name: string, dimensions: readonly number[], type: number, ...more: readonly Buffer[]) =>
    Buffer.concat([...dimensions.map((dimension) => proto.number(1, dimension)), proto.number(2, type), proto.bytes(8, name), ...more]),
  /** A string dimension is a dim_param. */
  value: (name: string, type: number, shape: readonly (number | string)[]) =>
    Buffer.concat([
      proto.bytes(1, name),
      proto.bytes(
        2,
        proto.bytes(1, proto.number(1, type), proto.bytes(2, ...shape.map((size) => proto.bytes(1, typeof size === 'string' ? proto.bytes(2, size) : proto.number(1, size))))),
      ),
    ]),
  node: (operator: string, ins: readonly string[], outs: readonly string[], ...more: readonly Buffer[]) =>
    Buffer.concat([...ins.map((name) => proto.bytes(1, name)), ...outs.map((name) => proto.bytes(2, name)), proto.bytes(4, operator), ...more]),
  metadata: (key: string, value: string) => proto.bytes(14, proto.bytes(1, key), proto.bytes(2, value)),
  model: (graph: readonly Buffer[], ...more: readonly Buffer[]) =>
    Buffer.concat([proto.number(1, 8), proto.bytes(2, 'tester'), proto.bytes(7, ...graph, proto.bytes(2, 'g')), proto.bytes(8, proto.bytes(1, ''), proto.number(2, 17)), ...more]),
};

/** y = x + w, where w has 3 FP32 elements, and x any number of rows. */
export function buildOnnx(): Buffer {
  const raw = proto.bytes(9, new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  return onnx.model(
    [
      proto.bytes(1, onnx.node('Add', ['x', 'w'], ['y'])),
      proto.bytes(5, onnx.tensor('w', [3], 1, raw)),
      proto.bytes(11, onnx.value('x', 1, ['rows', 3])),
      proto.bytes(11, onnx.value('w', 1, [3])),
      proto.bytes(12, onnx.value('y', 1, ['rows', 3])),
    ],
    onnx.metadata('character', 'a\nb'),
  );
}

export function buildSafetensors(
  header: object | string = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    b: { dtype: 'I64', shape: [1], data_offsets: [16, 24] },
  },
  dataBytes = 24,
): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  return Buffer.concat([u64(json.length), json, Buffer.alloc(dataBytes)]);
}
