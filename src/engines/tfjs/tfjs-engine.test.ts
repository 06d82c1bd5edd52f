import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { packBytes } from '../../contract/tensor-shape.ts';
import { inspectFiles } from '../../model-files/inspect.ts';
import { buildTfjs, buildTfjsGraph, dense, GRAPH, GRAPH_SHARD, layer, LINEAR_SHARD, sequential, value } from '../../model-files/testing/build-tfjs.ts';
import type { TensorEngine } from '../engine.ts';
import { createTfjsEngine } from './index.ts';
import { createSession } from './session.ts';

const SIGNAL = new AbortController().signal;
const SHARD = 'group1-shard1of1.bin';
let folder: string;
let engine: TensorEngine | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
});
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  await rm(folder, { recursive: true });
});

async function specOf(contents: Readonly<Record<string, Buffer>>): Promise<EngineSpec> {
  const files: Record<string, string> = {};
  for (const [path, bytes] of Object.entries(contents)) await writeFile((files[path] = join(folder, `blob-${path}`)), bytes);
  const { weights } = await inspectFiles(Object.entries(files).map(([path, absolutePath]) => ({ path, absolutePath })));
  return {
    kind: 'tfjs',
    files,
    listen: { socket: '/unused' },
    threads: 1,
    manifest: {
      schema: 'modelyard.manifest/1',
      task: 'tensor',
      engine: 'tfjs',
      licence: '',
      origin: '',
      card: '',
      weights,
      engineOptions: {},
      files: Object.entries(contents).map(([path, bytes]) => ({ path, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length })),
    },
  };
}

const fp32 = (name: string, shape: readonly number[], values: readonly number[]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const numbers = ({ data, datatype }: Tensor) => Array.from(datatype === 'INT32' ? new Int32Array(data.slice().buffer) : new Float32Array(data.slice().buffer));
const linear = () => specOf({ 'model.json': buildTfjs(), [SHARD]: LINEAR_SHARD });

test('C77: a layers model takes any number of rows', async () => {
  engine = await createTfjsEngine(await linear());
  await engine.warmUp();
  for (const rows of [1, 3, 70]) {
    const input = fp32(
      'y_input',
      [rows, 3],
      Array.from({ length: rows * 3 }, (_, index) => index),
    );
    const [output] = await engine.infer([input], [], SIGNAL);
    expect(output).toMatchObject({ name: 'y', datatype: 'FP32', shape: [rows, 2] });
    expect(numbers(output!).slice(0, 2)).toEqual([3 + 2 * 5 + 0.5, 4 + 2 * 6 - 0.5]);
  }
});

test('C75: a graph model gives the wanted outputs in the wanted order, also such whose size the data decide', async () => {
  engine = await createTfjsEngine(await specOf({ 'model.json': buildTfjsGraph(), [SHARD]: GRAPH_SHARD }));
  await engine.warmUp();
  const input = fp32('x', [2, 3], [0, 0, 0, 1, 1, 1]);
  const outputs = await engine.infer([input], ['places', 'y'], SIGNAL);
  expect(outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
    ['places', 'INT32', [3, 2]],
    ['y', 'FP32', [2, 2]],
  ]);
  expect(outputs.map(numbers)).toEqual([
    [0, 0, 1, 0, 1, 1],
    [0.5, -0.5, 9.5, 11.5],
  ]);
  expect((await engine.infer([input], ['y'], SIGNAL)).map(({ name }) => name)).toEqual(['y']);
});

test('C70: the four types of TF.js go through unchanged, also from unaligned bytes; others are refused', async () => {
  const types = { FP32: 'DT_FLOAT', INT32: 'DT_INT32', BOOL: 'DT_BOOL', BYTES: 'DT_STRING' } as const;
  const node = Object.entries(types).flatMap(([name, type]) => [
    { name, op: 'Placeholder', attr: { dtype: { type }, shape: { shape: { dim: [{ size: '-1' }] } } } },
    { name: `${name}_out`, op: 'Identity', input: [name], attr: { T: { type } } },
  ]);
  const side = (end: string) => Object.fromEntries(Object.entries(types).map(([name, type]) => [`${name}${end}`, value(`${name}${end}:0`, [-1], type)]));
  const model = buildTfjs({
    topology: { ...GRAPH.topology, node },
    weights: [],
    paths: [],
    more: { format: 'graph-model', signature: { inputs: side(''), outputs: side('_out') } },
  });
  engine = await createTfjsEngine(await specOf({ 'model.json': model }));
  await engine.warmUp();
  const data = {
    FP32: Buffer.from(Float32Array.of(Number.NaN, -0).buffer),
    INT32: Buffer.from(Int32Array.of(-2147483648, 2147483647).buffer),
    BOOL: Buffer.of(1, 0),
    BYTES: Buffer.from(packBytes([Buffer.from('a\0é'), Buffer.from([0xff])])),
  };
  const inputs = Object.entries(data).map(([name, bytes]): Tensor => ({
    name,
    datatype: name as keyof typeof data,
    shape: [2],
    data: Buffer.concat([Buffer.of(7), bytes]).subarray(1),
  }));
  const outputs = await engine.infer(inputs, [], SIGNAL);
  expect(outputs.map(({ name, datatype, shape, data: bytes }) => [name, datatype, shape, Buffer.from(bytes).toString('hex')])).toEqual(
    Object.entries(data).map(([name, bytes]) => [`${name}_out`, name, [2], bytes.toString('hex')]),
  );
  await expect(engine.infer([{ name: 'FP32', datatype: 'FP64', shape: [1], data: new Uint8Array(8) }], [], SIGNAL)).rejects.toMatchObject({
    kind: 'invalid_argument',
    param: 'FP32',
  });
});

test('S33: nothing of a call stays behind, of a failed one neither', async () => {
  for (const contents of [
    { 'model.json': buildTfjs(), [SHARD]: LINEAR_SHARD },
    { 'model.json': buildTfjsGraph(), [SHARD]: GRAPH_SHARD },
  ]) {
    const { files, manifest } = await specOf(contents);
    const { signature } = manifest.weights;
    const session = await createSession({ modelPath: files['model.json']!, shardPaths: files, signature: signature! });
    const name = signature!.inputs[0]!.name;
    await session.run([fp32(name, [2, 3], [1, 2, 3, 4, 5, 6])], session.outputNames);
    const { numTensors, numBytes } = memory();
    for (let round = 0; round < 100; round += 1) {
      await session.run([fp32(name, [2, 3], [1, 2, 3, 4, 5, 6])], session.outputNames);
      await expect(session.run([fp32(name, [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])], session.outputNames)).rejects.toMatchObject({ code: 'inference_failed' });
    }
    expect(memory()).toMatchObject({ numTensors, numBytes });
  }
});

test('C77: what TF.js refuses is the caller’s mistake, and the engine goes on', async () => {
  engine = await createTfjsEngine(await linear());
  await expect(engine.infer([fp32('y_input', [1, 4], [1, 2, 3, 4])], [], SIGNAL)).rejects.toMatchObject({ kind: 'invalid_argument', code: 'inference_failed' });
  await expect(engine.infer([fp32('y_input', [0, 3], [])], [], SIGNAL)).rejects.toMatchObject({ kind: 'invalid_argument' });
  expect((await engine.infer([fp32('y_input', [1, 3], [0, 0, 0])], [], SIGNAL)).map(numbers)).toEqual([[0.5, -0.5]]);
});

test('X26: other bytes than the manifest’s, in the model or in a shard, are not served', async () => {
  for (const path of ['model.json', SHARD]) {
    const spec = await linear();
    await writeFile(spec.files[path]!, path === SHARD ? Buffer.from(LINEAR_SHARD).fill(0) : buildTfjs({ more: { generatedBy: 'another' } }));
    await expect(createTfjsEngine(spec)).rejects.toMatchObject({ code: 'digest_mismatch' });
  }
});

test('X22: a model that TF.js can’t load, or whose operation the backend lacks, is told in a sentence', async () => {
  const weights = [{ name: 'y/kernel', dtype: 'float32', shape: [4, 2] }];
  await expect(createTfjsEngine(await specOf({ 'model.json': buildTfjs({ weights }), [SHARD]: LINEAR_SHARD }))).rejects.toMatchObject({
    kind: 'invalid_argument',
    code: 'model_not_loaded',
  });
  const strange = sequential(dense('y', 2, { batch_input_shape: [null, 3], kernel_initializer: { class_name: 'Evil', config: {} } }));
  await expect(createTfjsEngine(await specOf({ 'model.json': buildTfjs({ topology: strange }), [SHARD]: LINEAR_SHARD }))).rejects.toThrow(
    "TF.js can't load the model: Unknown initializer: Evil",
  );
  const node = GRAPH.topology.node.map((each) => (each.name === 'above' ? { ...each, op: 'Bincount' } : each));
  engine = await createTfjsEngine(await specOf({ 'model.json': buildTfjsGraph({ modelTopology: { ...GRAPH.topology, node } }), [SHARD]: GRAPH_SHARD }));
  await expect(engine.warmUp()).rejects.toMatchObject({ code: expect.stringMatching(/unsupported_operation|inference_failed/) as string });
});

test('inputs that need more than the heap are refused before they break it', async () => {
  const large = sequential(layer('UpSampling2D', 'y', { size: [832, 832], batch_input_shape: [null, 1, 1, 3] }));
  engine = await createTfjsEngine(await specOf({ 'model.json': buildTfjs({ topology: large, weights: [], paths: [] }) }));
  const rows = (count: number) => [
    fp32(
      'y_input',
      [count, 1, 1, 3],
      Array.from({ length: 3 * count }, () => 1),
    ),
  ];
  await expect(engine.infer(rows(400), [], SIGNAL)).rejects.toMatchObject({ kind: 'unprocessable', code: 'out_of_memory' });
  expect((await engine.infer(rows(1), [], SIGNAL))[0]?.shape).toEqual([1, 832, 832, 3]);
});
