import { mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeInferReply, encodeInferRequest, OIP_HEADER_LENGTH } from '../../contract/oip-binary.ts';
import type { Tensor } from '../../contract/tensor.ts';
import type { TensorEngine } from '../engine.ts';
import { startEngine, type RunningEngine } from '../host.ts';

/** Stands in for a model: answers each input under its name with `_out`. */
const fakeEngine: TensorEngine = {
  dialect: 'oip',
  slots: 4,
  signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs: [{ name: 'x_out', datatype: 'FP32', shape: [-1] }] },
  warmUp: () => Promise.resolve(),
  close: () => Promise.resolve(),
  infer: async (inputs) => inputs.map((tensor) => ({ ...tensor, name: `${tensor.name}_out` })),
};

let folder: string;
let socketPath: string;
let running: RunningEngine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oip-'));
  socketPath = join(folder, 's');
  running = await startEngine(fakeEngine, { socket: socketPath });
});
afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function post(body: Uint8Array | string, headers: Record<string, string | number> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: '/v2/models/m%C3%A9/infer', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

const x: Tensor = { name: 'x', datatype: 'FP32', shape: [2], data: new Uint8Array(Float32Array.of(1, Number.NaN).buffer) };

test('C71: a binary call is answered in binary, with the exact header length', async () => {
  const { chunks, headerLength } = encodeInferRequest({ id: 'é', inputs: [x], outputs: [{ name: 'x_out' }], binaryOutputDefault: true });
  const answer = await post(Buffer.concat(chunks), { [OIP_HEADER_LENGTH]: headerLength });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/octet-stream');
  const reply = decodeInferReply(answer.body, Number(answer.headers[OIP_HEADER_LENGTH]));
  expect(reply).toMatchObject({ id: 'é', modelName: 'mé', outputs: [{ name: 'x_out', shape: [2] }] });
  expect(Buffer.from(reply.outputs[0]!.data).equals(x.data)).toBe(true);
});

test('C72: a raw call and a JSON call are answered too', async () => {
  expect((await post(x.data, { [OIP_HEADER_LENGTH]: 0 })).status).toBe(200);
  const answer = await post('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[2.5]}]}');
  expect(JSON.parse(answer.body.toString())).toEqual({ model_name: 'mé', outputs: [{ name: 'x_out', datatype: 'FP32', shape: [1], data: [2.5] }] });
});

test('C78: a refusal is {"error": text}', async () => {
  for (const [body, headers] of [
    ['{', {}],
    ['{"inputs":[]}', {}],
    ['{}', { [OIP_HEADER_LENGTH]: '-1' }],
    ['{}', { [OIP_HEADER_LENGTH]: 99_999_999_999 }],
  ] as const) {
    const answer = await post(body, headers);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toEqual({ error: expect.any(String) as string });
  }
});
