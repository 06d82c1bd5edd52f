import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureLlamaServer } from '../../bench/peers/llama-server.ts';
import { chatBody } from '../harness.ts';
import { type RealServer, startRealServer } from './real-server.ts';

/** Other people's servers, unmodified: llama.cpp's and Seldon's. */
const run = promisify(execFile);
const CACHE = join(import.meta.dirname, '../../.cache');
const MLSERVER = join(CACHE, 'mlserver-venv');
const MLSERVER_PACKAGE = 'mlserver==1.7.1';
/** llama-server is compiled from the source that node-llama-cpp brings, once: nobody packages it. */
const BUILD_MS = 2_400_000;

const RUNTIME = `
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse

class Sum(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        inputs = {one.name: NumpyCodec.decode_input(one) for one in payload.inputs}
        total = inputs["a"] + inputs["b"]
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("sum", total)])
`;

let server: RealServer;
let models: string;
beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'modelyard-mlserver-'));
  writeFileSync(join(models, 'runtime.py'), RUNTIME);
  writeFileSync(join(models, 'settings.json'), JSON.stringify({ metrics_endpoint: null, grpc_port: 0, parallel_workers: 0, debug: false }));
  writeFileSync(join(models, 'model-settings.json'), JSON.stringify({ name: 'sum', implementation: 'runtime.Sum' }));
  const [mlserver, llama] = await Promise.all([ensureMlserver(), ensureLlamaServer(() => undefined)]);
  server = await startRealServer(
    {},
    {
      engines: {
        mlserver: {
          command: [mlserver, 'start', models],
          dialect: 'oip',
          health: '/v2/models/sum/ready',
          environment: { MLSERVER_HTTP_PORT: '{port}', MLSERVER_HOST: '{host}' },
          slots: 4,
          memoryMib: 300,
        },
        'llama-server': {
          command: [
            llama,
            '--model',
            '{file}',
            '--host',
            '{host}',
            '--port',
            '{port}',
            '--api-key',
            '{token}',
            '--threads',
            '{threads}',
            '--ctx-size',
            '2048',
            '--parallel',
            '2',
            '--no-webui',
          ],
          dialect: 'openai',
          slots: 2,
          memoryMib: 256,
        },
      },
    },
  );
}, BUILD_MS);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(models, { recursive: true, force: true });
});

async function ensureMlserver(): Promise<string> {
  const executable = join(MLSERVER, 'bin', 'mlserver');
  if (existsSync(executable)) return executable;
  mkdirSync(CACHE, { recursive: true });
  await run('python3', ['-m', 'venv', MLSERVER]);
  await run(join(MLSERVER, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', MLSERVER_PACKAGE], { maxBuffer: 1e8 });
  return executable;
}

const call = (path: string, body: unknown) =>
  fetch(`${server.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const deploy = async (name: string) => {
  const { control, operator } = server.running;
  await control.deployments.deploy(operator, { model: name, threads: 1 });
  await control.deployments.ready(operator, name, AbortSignal.timeout(120_000));
};

describe('mlserver, as an OIP command', () => {
  beforeAll(async () => {
    const tensor = (name: string) => ({ name, datatype: 'FP32' as const, shape: [-1, 2] });
    await server.running.control.registry.publish(server.running.operator, {
      name: 'sum',
      files: [],
      engine: { command: 'mlserver', task: 'tensor', signature: { inputs: [tensor('a'), tensor('b')], outputs: [tensor('sum')] } },
      batching: { maxBatchSize: 8 },
      origin: 'test',
    });
    await deploy('sum');
  }, 150_000);

  const row = (a: number) => ({
    inputs: [
      { name: 'a', shape: [1, 2], datatype: 'FP32', data: [a, 2] },
      { name: 'b', shape: [1, 2], datatype: 'FP32', data: [10, 20.5] },
    ],
  });

  test('tensors go through and come back, alone and joined into a batch', async () => {
    const one = await call('/v2/models/sum/infer', row(1));
    expect([one.status, await one.json()]).toMatchObject([200, { model_name: 'sum', outputs: [{ name: 'sum', datatype: 'FP32', shape: [1, 2], data: [11, 22.5] }] }]);
    const many = await Promise.all(Array.from({ length: 24 }, (_, a) => call('/v2/models/sum/infer', row(a))));
    for (const [a, response] of many.entries()) expect(await response.json()).toMatchObject({ outputs: [{ data: [a + 10, 22.5] }] });
  });

  test('what does not fit its signature is refused before it is asked; what it refuses itself is told', async () => {
    const wrong = await call('/v2/models/sum/infer', { inputs: [{ name: 'a', shape: [1, 2], datatype: 'FP32', data: [1, 2] }] });
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("'b'")]);
    const shapes = await call('/v2/models/sum/infer', {
      inputs: [
        { name: 'a', shape: [2, 2], datatype: 'FP32', data: [1, 2, 3, 4] },
        { name: 'b', shape: [3, 2], datatype: 'FP32', data: [1, 2, 3, 4, 5, 6] },
      ],
    });
    expect([shapes.status, await shapes.json()]).toEqual([502, { error: expect.any(String) }]);
  });
});

describe('llama-server, as an OpenAI command, with our own weights', () => {
  beforeAll(async () => {
    const { registry } = server.running.control;
    const [starter] = (await registry.get(server.running.operator, 'smollm2-135m-instruct')).versions;
    const files = (starter?.manifest.files ?? []).map(({ path, digest }) => ({ path, digest }));
    await registry.publish(server.running.operator, { name: 'theirs', files, engine: { command: 'llama-server' }, origin: 'test' });
    await deploy('theirs');
  }, 150_000);

  test('it answers, its tokens are counted exactly, and a stream shows no usage that nobody asked for', async () => {
    const since = Date.now();
    const question = { ...chatBody('theirs', 'What is the capital of France?'), temperature: 0, max_tokens: 16 };
    const whole = (await (await call('/v1/chat/completions', question)).json()) as {
      choices: { message: { content: string } }[];
      usage: { prompt_tokens: number; completion_tokens: number };
    };
    expect(whole.choices[0]?.message.content).toMatch(/\w+ \w+/);
    const text = await (await call('/v1/chat/completions', { ...question, stream: true })).text();
    expect(text).not.toContain('"usage"');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    const rows = async () =>
      (await server.running.control.usage.list({ orgId: undefined, since, until: Number.MAX_SAFE_INTEGER }, 50)).filter(({ deployment }) => deployment === 'theirs');
    await expect.poll(async () => (await rows()).length, { timeout: 10_000 }).toBe(2);
    // At the same temperature, and of the same prompt, as many tokens: the stream's were told to us alone.
    for (const row of await rows()) expect(row).toMatchObject({ promptTokens: whole.usage.prompt_tokens, completionTokens: 16, estimated: false, status: 'ok' });
  });

  test('a client that leaves frees its slot: the next calls are answered', async () => {
    const leave = new AbortController();
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...chatBody('theirs', 'Tell a long story.', { stream: true }), max_tokens: 1_500 }),
      signal: leave.signal,
    });
    await response.body?.getReader().read();
    leave.abort();
    const answers = await Promise.all([1, 2, 3].map(() => call('/v1/chat/completions', { ...chatBody('theirs', 'Hi'), max_tokens: 4 })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
