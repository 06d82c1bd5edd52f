import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { argMax, io, oneHot, randomNormal, setBackend, slice, tensor, train } from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { openHome } from '../../src/app/home.ts';
import { startModelyard, type Running } from '../../src/app/lifecycle.ts';
import { systemClock } from '../../src/base/clock.ts';
import { decodeInferReply, encodeInferRequest, OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import { buildTfjsGraph, GRAPH_SHARD } from '../../src/model-files/testing/build-tfjs.ts';
import { silentLogger } from '../../src/telemetry/log.ts';

/** The product with real engine children, a model that is trained here, and the command line as a publisher uses it. */
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const INPUTS = 1_000;
const CLASSES = 10;
const ROWS = 40;
const TOLERANCE = 1e-5;
const LATENCY_CALLS = 200;

let folder: string;
let server: Running;
let model: LayersModel;
let stop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my-tfjs-'));
  const home = join(folder, 'home');
  const config = { ...loadConfig({ home, port: '0' }, { home: undefined, port: undefined, logLevel: undefined, all: {} }), drainMs: 5_000 };
  const opened = await openHome(home, 'a test run');
  server = await startModelyard({ config, folder: opened.folder, log: silentLogger(), environment: process.env });
  stop = async () => {
    await server.close();
    await opened.release();
    await rm(folder, { recursive: true, force: true });
  };
  await import('@tensorflow/tfjs-backend-wasm');
  await setBackend('wasm');
  model = await trained();
});
afterAll(() => stop());

/** The seed article's network, taught to say which of its first ten inputs is the largest. */
async function trained(): Promise<LayersModel> {
  const network = sequential({
    layers: [
      layers.dense({ units: 128, activation: 'relu', inputShape: [INPUTS], name: 'hidden' }),
      layers.dense({ units: CLASSES, activation: 'softmax', name: 'probabilities' }),
    ],
  });
  network.compile({ optimizer: train.adam(0.001), loss: 'categoricalCrossentropy' });
  const x = randomNormal([512, INPUTS]);
  const { history } = await network.fit(x, oneHot(argMax(slice(x, [0, 0], [512, CLASSES]), 1), CLASSES), { epochs: 4, batchSize: 64, yieldEvery: 'never' });
  const losses = history['loss'] as number[];
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  return network;
}

/** What `model.save` writes where there is a file system. @returns the folder */
async function save(name: string, shardBytes: number): Promise<string> {
  const saved = Promise.withResolvers<io.ModelArtifacts>();
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved.resolve(artifacts);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  const { weightData, weightSpecs, modelTopology, format, generatedBy } = await saved.promise;
  const bytes = Buffer.from(weightData as ArrayBuffer);
  const shards: Record<string, Buffer> = {};
  const count = Math.ceil(bytes.length / shardBytes);
  for (let index = 0; index < count; index += 1) shards[`group1-shard${index + 1}of${count}.bin`] = bytes.subarray(index * shardBytes, (index + 1) * shardBytes);
  const weightsManifest = [{ paths: Object.keys(shards), weights: weightSpecs }];
  return filesIn(name, { ...shards, 'model.json': JSON.stringify({ format, generatedBy, convertedBy: null, modelTopology, weightsManifest }) });
}

async function filesIn(name: string, files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const path = await mkdtemp(join(folder, `${name}-`));
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(path, file), bytes);
  return path;
}

async function modelyard(...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: join(folder, 'cli'), MODELYARD_URL: server.url, MODELYARD_API_KEY: server.operatorKey ?? '', NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env })).stdout;
}

function call(name: string, body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/v2/models/${name}/infer`, {
    method: 'POST',
    body: body as string,
    headers: { authorization: `Bearer ${server.operatorKey}`, 'content-type': 'application/json', ...headers },
  });
}

const inputValues = () => Float32Array.from({ length: ROWS * INPUTS }, (_, index) => Math.sin(index));
const expected = () => (model.predictOnBatch(tensor(inputValues(), [ROWS, INPUTS])) as ReturnType<typeof tensor>).dataSync() as Float32Array;

function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  expect(Math.max(...Array.from(wanted, (value, index) => Math.abs(value - (actual[index] ?? Number.NaN))))).toBeLessThan(TOLERANCE);
}

async function inferBinary(name: string, values: Float32Array): Promise<Float32Array> {
  const input = { name: 'hidden_input', datatype: 'FP32' as const, shape: [values.length / INPUTS, INPUTS], data: new Uint8Array(values.buffer) };
  const { chunks, headerLength } = encodeInferRequest({ inputs: [input], outputs: [{ name: 'probabilities' }], binaryOutputDefault: true });
  const response = await call(name, Buffer.concat(chunks), { 'content-type': 'application/octet-stream', [OIP_HEADER_LENGTH]: String(headerLength) });
  expect(response.status).toBe(200);
  const { outputs } = decodeInferReply(Buffer.from(await response.arrayBuffer()), Number(response.headers.get(OIP_HEADER_LENGTH)));
  expect(outputs[0]).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [values.length / INPUTS, CLASSES] });
  return new Float32Array(new Uint8Array(outputs[0]!.data).buffer);
}

test.each([1 << 20, 100_000])('a model trained with TF.js is published, deployed and called: as it predicted itself (shards of %i bytes)', async (shardBytes) => {
  expect(model.countParams()).toBe(129_418);
  const name = `mlp-${shardBytes}`;
  const source = await save(name, shardBytes);
  expect(await modelyard('publish', name, `file:${source}`, '--max-batch-size', '64')).toContain(`Published ${name}:1 (tfjs (Sequential), tensor, engine tfjs)`);
  const started = systemClock.monotonic();
  await modelyard('deploy', name);
  process.stdout.write(`${name}: deployed in ${Math.round(systemClock.monotonic() - started)} ms\n`);
  const metadata = (await (await fetch(`${server.url}/v2/models/${name}`, { headers: { authorization: `Bearer ${server.operatorKey}` } })).json()) as object;
  expect(metadata).toMatchObject({
    inputs: [{ name: 'hidden_input', datatype: 'FP32', shape: [-1, INPUTS] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, CLASSES] }],
  });

  const wanted = expected();
  const json = await call(name, JSON.stringify({ inputs: [{ name: 'hidden_input', datatype: 'FP32', shape: [ROWS, INPUTS], data: [...inputValues()] }] }));
  expect(json.status).toBe(200);
  const { outputs } = (await json.json()) as { outputs: { shape: number[]; data: number[] }[] };
  expect(outputs[0]?.shape).toEqual([ROWS, CLASSES]);
  expectClose(outputs[0]!.data, wanted);
  expectClose(await inferBinary(name, inputValues()), wanted);

  const wrong = await call(name, JSON.stringify({ inputs: [{ name: 'hidden_input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] }));
  expect(wrong.status).toBe(400);
});

test('calls that come together are joined, and each gets its own rows; the latency of a lone call is told', async () => {
  const name = 'mlp-1048576';
  const wanted = expected();
  const rowsOf = (values: Float32Array, row: number, width: number) => values.slice(row * width, (row + 1) * width);
  const answers = await Promise.all(Array.from({ length: ROWS }, (_, row) => inferBinary(name, rowsOf(inputValues(), row, INPUTS))));
  for (const [row, answer] of answers.entries()) expectClose(answer, rowsOf(wanted, row, CLASSES));
  const times: number[] = [];
  for (let index = 0; index < LATENCY_CALLS; index += 1) {
    const started = systemClock.monotonic();
    await inferBinary(name, rowsOf(inputValues(), 0, INPUTS));
    times.push(systemClock.monotonic() - started);
  }
  times.sort((a, b) => a - b);
  process.stdout.write(
    `one row through the gateway, ${LATENCY_CALLS} calls: median ${times[LATENCY_CALLS / 2]!.toFixed(2)} ms, 95th percentile ${times[Math.floor(LATENCY_CALLS * 0.95)]!.toFixed(2)} ms\n`,
  );
});

test('a converted SavedModel (a graph model) is published, deployed and called', async () => {
  const source = await filesIn('graph', { 'model.json': buildTfjsGraph(), 'group1-shard1of1.bin': GRAPH_SHARD });
  expect(await modelyard('publish', 'graph', source)).toContain('tfjs (graph), tensor, engine tfjs');
  await modelyard('deploy', 'graph');
  const response = await call('graph', JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 1, 1] }], outputs: [{ name: 'places' }, { name: 'y' }] }));
  expect(await response.json()).toMatchObject({
    outputs: [
      { name: 'places', datatype: 'INT32', shape: [2, 2], data: [0, 0, 0, 1] },
      { name: 'y', datatype: 'FP32', shape: [1, 2], data: [9.5, 11.5] },
    ],
  });
});

test('X20: a folder with Keras’ own formats, or with a layer that is code, is refused with what to do', async () => {
  const keras = await filesIn('keras', { 'model.h5': Buffer.from('\x89HDF\r\n\x1a\n', 'latin1') });
  await expect(modelyard('publish', 'keras', keras)).rejects.toThrow(/format that can run code/);
  const lambda = { class_name: 'Sequential', config: { name: 's', layers: [{ class_name: 'Lambda', config: { name: 'l', batch_input_shape: [null, 1], function: ['4wE='] } }] } };
  const code = await filesIn('lambda', { 'model.json': JSON.stringify({ format: 'layers-model', modelTopology: lambda, weightsManifest: [] }) });
  await expect(modelyard('publish', 'lambda', code)).rejects.toThrow(/Lambda.*not serve.*ONNX/);
});
