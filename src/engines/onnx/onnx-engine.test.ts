import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { packBytes } from '../../contract/tensor-shape.ts';
import { inspectFiles } from '../../model-files/inspect.ts';
import { buildOnnx, onnx, proto } from '../../model-files/testing/build.ts';
import type { TensorEngine } from '../engine.ts';
import { publicText } from '../tensor-thread/session.ts';
import { createOnnxEngine } from './index.ts';

const SIGNAL = new AbortController().signal;
let folder: string;
let engine: TensorEngine | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'));
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  await rm(folder, { recursive: true });
});

async function specOf(model: Buffer, more: Partial<Manifest> = {}): Promise<EngineSpec> {
  const path = join(folder, 'blob');
  await writeFile(path, model);
  const { weights } = await inspectFiles([{ path: 'model.onnx', absolutePath: path }]);
  return {
    kind: 'onnx',
    files: { 'model.onnx': path },
    listen: { socket: '/unused' },
    threads: 1,
    manifest: {
      schema: 'modelyard.manifest/1',
      task: 'tensor',
      engine: 'onnx',
      licence: '',
      origin: '',
      card: '',
      weights,
      engineOptions: {},
      files: [{ path: 'model.onnx', digest: `sha256:${createHash('sha256').update(model).digest('hex')}`, bytes: model.length }],
      ...more,
    },
  };
}

/** One Identity for each of ONNX's types that the protocol has, BF16 aside. */
const TYPES = { FP32: 1, UINT8: 2, INT8: 3, UINT16: 4, INT16: 5, INT32: 6, INT64: 7, BYTES: 8, BOOL: 9, FP16: 10, FP64: 11, UINT32: 12, UINT64: 13 } as const;
const identities = () =>
  onnx.model(
    Object.entries(TYPES).flatMap(([name, type]) => [
      proto.bytes(1, onnx.node('Identity', [name], [`${name}_out`])),
      proto.bytes(11, onnx.value(name, type, ['n'])),
      proto.bytes(12, onnx.value(`${name}_out`, type, ['n'])),
    ]),
  );

const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const DATA: Readonly<Record<keyof typeof TYPES, Uint8Array>> = {
  FP32: bytes(Float32Array.of(Number.NaN, -0)),
  UINT8: Uint8Array.of(0, 255),
  INT8: Uint8Array.of(0x80, 0x7f),
  UINT16: bytes(Uint16Array.of(0, 65535)),
  INT16: bytes(Int16Array.of(-32768, 1)),
  INT32: bytes(Int32Array.of(-2147483648, 1)),
  INT64: bytes(BigInt64Array.of(2n ** 53n + 1n, -1n)),
  BYTES: packBytes([Buffer.from('aé'), Buffer.alloc(0)]),
  BOOL: Uint8Array.of(1, 0),
  FP16: bytes(Uint16Array.of(0x3c00, 0x7e00)),
  FP64: bytes(Float64Array.of(0.1, 1e308)),
  UINT32: bytes(Uint32Array.of(0, 2 ** 32 - 1)),
  UINT64: bytes(BigUint64Array.of(2n ** 64n - 1n, 0n)),
};
const hex = ({ name, datatype, shape, data }: Tensor) => [name, datatype, [...shape], Buffer.from(data).toString('hex')];

test('C70: every datatype of ONNX Runtime goes through the engine unchanged, also from unaligned bytes and with no elements', async () => {
  engine = await createOnnxEngine(await specOf(identities()));
  await engine.warmUp();
  for (const count of [2, 0]) {
    const inputs = Object.entries(DATA).map(([name, data]): Tensor => {
      const shifted = Buffer.concat([Buffer.of(7), count === 0 ? Buffer.alloc(0) : data]).subarray(1);
      return { name, datatype: name as keyof typeof TYPES, shape: [count], data: shifted };
    });
    const outputs = await engine.infer(inputs, [], SIGNAL);
    expect(outputs.map(hex)).toEqual(inputs.map((tensor) => hex({ ...tensor, name: `${tensor.name}_out` })));
  }
});

test('C70: BYTES that the runtime would cut or can’t read are refused, not changed', async () => {
  engine = await createOnnxEngine(await specOf(identities()));
  for (const element of [Buffer.from('a\0b'), Buffer.from([0xff])]) {
    const inputs = Object.entries({ ...DATA, BYTES: packBytes([element, element]) }).map(([name, data]): Tensor => ({
      name,
      datatype: name as keyof typeof TYPES,
      shape: [2],
      data,
    }));
    await expect(engine.infer(inputs, [], SIGNAL)).rejects.toMatchObject({ kind: 'invalid_argument', param: 'BYTES' });
  }
});

test('C75: only the wanted outputs are computed, in the wanted order', async () => {
  engine = await createOnnxEngine(await specOf(identities()));
  const inputs = Object.entries(DATA).map(([name, data]): Tensor => ({ name, datatype: name as keyof typeof TYPES, shape: [2], data }));
  expect((await engine.infer(inputs, ['INT8_out', 'FP32_out'], SIGNAL)).map(({ name }) => name)).toEqual(['INT8_out', 'FP32_out']);
});

test('C77: what the runtime refuses is the caller’s mistake, told without paths, and the engine goes on', async () => {
  const matrices = onnx.model([
    proto.bytes(1, onnx.node('MatMul', ['a', 'b'], ['y'])),
    proto.bytes(11, onnx.value('a', 1, ['n', 'k'])),
    proto.bytes(11, onnx.value('b', 1, ['j', 'm'])),
    proto.bytes(12, onnx.value('y', 1, ['n', 'm'])),
  ]);
  engine = await createOnnxEngine(await specOf(matrices));
  await engine.warmUp();
  const matrix = (name: string, shape: readonly number[]): Tensor => ({ name, datatype: 'FP32', shape, data: new Uint8Array(4 * shape[0]! * shape[1]!) });
  const refused = engine.infer([matrix('a', [1, 2]), matrix('b', [3, 1])], [], SIGNAL);
  await expect(refused).rejects.toMatchObject({ kind: 'invalid_argument', code: 'inference_failed' });
  await refused.catch((error: Error) => expect(error.message).not.toMatch(/[/\\]|\.cc/));
  expect((await engine.infer([matrix('a', [1, 2]), matrix('b', [2, 1])], [], SIGNAL))[0]).toMatchObject({ name: 'y', shape: [1, 1] });
  await expect(engine.infer([{ name: 'a', datatype: 'BF16', shape: [1, 1], data: new Uint8Array(2) }], [], SIGNAL)).rejects.toMatchObject({ kind: 'invalid_argument' });
});

test('X26: weights with another digest, or that the runtime can’t read, are not served', async () => {
  const spec = await specOf(buildOnnx());
  await writeFile(spec.files['model.onnx']!, Buffer.concat([buildOnnx(), Buffer.from([0])]));
  await expect(createOnnxEngine(spec)).rejects.toMatchObject({ code: 'digest_mismatch' });
  const unknown = onnx.model([proto.bytes(1, onnx.node('NoSuchOperator', ['x'], ['y'])), proto.bytes(11, onnx.value('x', 1, [1])), proto.bytes(12, onnx.value('y', 1, [1]))]);
  await expect(createOnnxEngine(await specOf(unknown))).rejects.toMatchObject({ kind: 'invalid_argument', code: 'model_not_loaded' });
});

test('C77: the runtime’s text loses its paths', () => {
  expect(publicText(new Error('Non-zero status code. Status Message: /onnxruntime_src/core/x.h:560 Attempting to broadcast C:\\src\\y.cc an axis'))).toBe(
    'Attempting to broadcast an axis',
  );
});
