import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Modelyard } from '@modelyard/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { openHome } from '../../src/app/home.ts';
import { startModelyard, type Running } from '../../src/app/lifecycle.ts';
import { silentLogger } from '../../src/telemetry/log.ts';

/** Models that Keras trained and the converters of docs/guides/publish.md wrote: tests/fixtures/keras/make.py. */
const MODELS = fileURLToPath(new URL('../fixtures/keras/', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SHAPE = [3, 8, 8, 1];
const TOLERANCE = 1e-5;

let server: Running;
let client: Modelyard;
let folder: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my-keras-'));
  const home = join(folder, 'home');
  const config = { ...loadConfig({ home, port: '0' }, { home: undefined, port: undefined, logLevel: undefined, all: {} }), drainMs: 5_000 };
  const opened = await openHome(home, 'a test run');
  server = await startModelyard({ config, folder: opened.folder, log: silentLogger(), environment: process.env });
  client = new Modelyard({ url: server.url, key: server.operatorKey ?? '' });
  stop = async () => {
    await server.close();
    await opened.release();
    await rm(folder, { recursive: true, force: true });
  };
});
afterAll(() => stop());

async function modelyard(...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: join(folder, 'cli'), MODELYARD_URL: server.url, MODELYARD_API_KEY: server.operatorKey ?? '', NO_COLOR: '1' };
  return (await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env })).stdout;
}

test.each([
  { by: 'tensorflowjs_converter, a layers model', file: 'layers', expected: 'expected-tfjs.json', engine: 'tfjs' },
  { by: 'tensorflowjs_converter, a graph model', file: 'graph', expected: 'expected-tfjs.json', engine: 'tfjs' },
  { by: 'tf2onnx', file: 'model.onnx', expected: 'expected-onnx.json', engine: 'onnx' },
])('a Keras model by $by is published as it is, and answers as Keras does', async ({ file, expected, engine }) => {
  const name = `keras-${file.replace('.', '-')}`;
  const { inputs, outputs } = JSON.parse(await readFile(join(MODELS, expected), 'utf8')) as Record<'inputs' | 'outputs', number[]>;
  expect(await modelyard('publish', name, `file:${join(MODELS, file)}`, '--licence', 'MIT')).toContain(`engine ${engine})`);
  await modelyard('deploy', name);
  const [answer] = await client.inference.inferTensors(name, [{ name: 'image', shape: SHAPE, data: Float32Array.from(inputs) }]);
  const probabilities = Array.from((answer?.data ?? []) as Float32Array);
  expect(probabilities).toHaveLength(outputs.length);
  expect(Math.max(...probabilities.map((value, index) => Math.abs(value - (outputs[index] ?? Number.NaN))))).toBeLessThan(TOLERANCE);
});
