import { open, rename, rm, type FileHandle } from 'node:fs/promises';

/** Writer of GGUF version 3. The same values give the same bytes. */

const ALIGNMENT_BYTES = 32;

export type GgufValue =
  | { readonly type: 'u32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** Row-major as elsewhere, slowest dimension first; GGUF's own order is the reverse. */
  readonly shape: readonly number[];
  readonly type: 'F32' | 'F16';
  /** Called once, when the tensor is written, so that one is in memory at a time. */
  readonly data: () => Promise<Uint8Array>;
}

export interface GgufDocument {
  readonly keys: readonly (readonly [key: string, value: GgufValue])[];
  readonly tensors: readonly GgufTensor[];
}

const TENSOR_TYPE = { F32: 0, F16: 1 } as const;
const ELEMENT_BYTES = { F32: 4, F16: 2 } as const;

/** Writes the document to `path`, which appears whole or not at all. */
export async function writeGguf(path: string, { keys, tensors }: GgufDocument): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w');
  try {
    const head = Buffer.concat([
      Buffer.from('GGUF'),
      u32(3),
      u64(tensors.length),
      u64(keys.length),
      ...keys.map(([key, value]) => Buffer.concat([text(key), encodeValue(value)])),
      ...tensorHeads(tensors),
    ]);
    await writeAligned(file, head);
    for (const tensor of tensors) await writeTensor(file, tensor);
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

function tensorHeads(tensors: readonly GgufTensor[]): readonly Buffer[] {
  let offset = 0;
  return tensors.map(({ name, shape, type, ...tensor }) => {
    const head = Buffer.concat([text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(TENSOR_TYPE[type]), u64(offset)]);
    offset += aligned(tensorBytes({ name, shape, type, ...tensor }));
    return head;
  });
}

async function writeTensor(file: FileHandle, tensor: GgufTensor): Promise<void> {
  const data = await tensor.data();
  if (data.byteLength !== tensorBytes(tensor)) throw new Error(`Tensor ${tensor.name} has ${data.byteLength} bytes where its shape needs ${tensorBytes(tensor)}`);
  await writeAligned(file, data);
}

async function writeAligned(file: FileHandle, data: Uint8Array): Promise<void> {
  for (const part of [data, Buffer.alloc(aligned(data.byteLength) - data.byteLength)]) {
    for (let done = 0; done < part.byteLength;) done += (await file.write(part, done)).bytesWritten;
  }
}

function tensorBytes({ shape, type }: GgufTensor): number {
  return shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function encodeValue(value: GgufValue): Buffer {
  switch (value.type) {
    case 'u32':
      return Buffer.concat([u32(4), u32(value.value)]);
    case 'f32':
      return Buffer.concat([u32(6), Buffer.from(Float32Array.of(value.value).buffer)]);
    case 'bool':
      return Buffer.concat([u32(7), Buffer.of(value.value ? 1 : 0)]);
    case 'string':
      return Buffer.concat([u32(8), text(value.value)]);
    case 'strings':
      return Buffer.concat([u32(9), u32(8), u64(value.value.length), ...value.value.map(text)]);
    case 'i32s':
      return Buffer.concat([u32(9), u32(5), u64(value.value.length), Buffer.from(Int32Array.from(value.value).buffer)]);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}
