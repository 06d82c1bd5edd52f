import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeInferReply, encodeInferRequest, OIP_HEADER_LENGTH } from '../../src/contract/oip-binary.ts';
import { packBytes } from '../../src/contract/tensor-shape.ts';
import { DATATYPES, ELEMENT_BYTES, type Tensor, type TensorSignature } from '../../src/contract/tensor.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';

/** One input and one output of each datatype, and one more that is empty; the echo answers output n with input n. */
const EVERY: TensorSignature = {
  inputs: [...DATATYPES, 'FP32' as const].map((datatype, i) => ({ name: `in${i}`, datatype, shape: i === DATATYPES.length ? [-1, 4] : [-1] })),
  outputs: [...DATATYPES, 'FP32' as const].map((datatype, i) => ({ name: `out${i}`, datatype, shape: i === DATATYPES.length ? [-1, 4] : [-1] })),
};
const one = (datatype: Tensor['datatype'], shape: number[] = [-1]): TensorSignature => ({ inputs: [{ name: 'x', datatype, shape }], outputs: [{ name: 'y', datatype, shape }] });

let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  await modelyard.deployEcho('every', { task: 'tensor', signature: EVERY });
  await modelyard.deployEcho('fp32', { task: 'tensor', signature: one('FP32') });
  await modelyard.deployEcho('grid', { task: 'tensor', signature: one('FP32', [-1, -1]) });
  await modelyard.deployEcho('half', { task: 'tensor', signature: one('FP16') });
  await modelyard.deployEcho('int64', { task: 'tensor', signature: one('INT64') });
  await modelyard.deployEcho('uint64', { task: 'tensor', signature: one('UINT64') });
  await modelyard.deployEcho('words', { task: 'tensor', signature: one('BYTES', [1]) });
  await modelyard.deployEcho('pair', {
    task: 'tensor',
    signature: {
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1] },
        { name: 'b', datatype: 'INT32', shape: [-1] },
      ],
      outputs: [
        { name: 'ya', datatype: 'FP32', shape: [-1] },
        { name: 'yb', datatype: 'INT32', shape: [-1] },
      ],
    },
  });
  await modelyard.deployEcho('acme/ocr', { task: 'tensor', signature: one('FP32') });
  await modelyard.deployEcho('chat');
});
afterAll(() => modelyard.stop());

const infer = (model: string, body: unknown, headers: Record<string, string> = {}) => modelyard.call(`/v2/models/${model}/infer`, { body, headers });
const json = async (response: Response): Promise<Record<string, unknown>> => (await response.json()) as Record<string, unknown>;
const fp32 = (data: unknown, shape: number[] = [2]) => ({ name: 'x', datatype: 'FP32', shape, data });

function sample(datatype: Tensor['datatype'], i: number): Tensor {
  if (i === DATATYPES.length) return { name: `in${i}`, datatype, shape: [0, 4], data: new Uint8Array(0) };
  const data =
    datatype === 'BYTES'
      ? packBytes([Buffer.from('a\0b'), Buffer.from([0xff, 0xfe])])
      : datatype === 'BOOL'
        ? Uint8Array.of(1, 0)
        : Uint8Array.from({ length: 2 * ELEMENT_BYTES[datatype] }, (_, at) => at * 37 + 5);
  return { name: `in${i}`, datatype, shape: [2], data };
}

describe('binary', () => {
  test('C70 C71: every datatype goes through the gateway unchanged, an embedded NUL and an empty tensor too', async () => {
    const inputs = EVERY.inputs.map(({ datatype }, i) => sample(datatype, i));
    const { chunks, headerLength } = encodeInferRequest({ id: 'é', inputs, outputs: [], binaryOutputDefault: true });
    const response = await infer('every', Buffer.concat(chunks), { [OIP_HEADER_LENGTH]: String(headerLength), 'content-type': 'application/octet-stream' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const reply = decodeInferReply(Buffer.from(await response.arrayBuffer()), Number(response.headers.get(OIP_HEADER_LENGTH)));
    expect(reply).toMatchObject({ id: 'é', modelName: 'every', modelVersion: '1' });
    expect(reply.outputs.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(inputs.map(({ data }) => Buffer.from(data).toString('hex')));
    expect(reply.outputs.map(({ shape }) => shape)).toEqual(inputs.map(({ shape }) => shape));
  });

  test('C71: a header length that lies is a 400, and the server goes on', async () => {
    const body = JSON.stringify({ inputs: [fp32([1, 2])] });
    for (const length of ['99999999999', '-1', '1.5', 'x', String(body.length + 1)]) {
      const response = await infer('fp32', body, { [OIP_HEADER_LENGTH]: length });
      expect(response.status, length).toBe(400);
      expect(await response.json()).toEqual({ error: expect.any(String) as string });
    }
    expect((await infer('fp32', body)).status).toBe(200);
  });

  test('C72: a raw body fills a single input; where the signature leaves a doubt it is refused', async () => {
    const floats = Buffer.from(Float32Array.of(1, 2, 3).buffer);
    const response = await infer('fp32', floats, { [OIP_HEADER_LENGTH]: '0' });
    const reply = decodeInferReply(Buffer.from(await response.arrayBuffer()), Number(response.headers.get(OIP_HEADER_LENGTH)));
    expect(reply.outputs).toMatchObject([{ name: 'y', shape: [3] }]);
    expect((await infer('words', Buffer.from('any bytes'), { [OIP_HEADER_LENGTH]: '0' })).status).toBe(200);
    for (const model of ['pair', 'grid', 'every']) expect((await infer(model, floats, { [OIP_HEADER_LENGTH]: '0' })).status, model).toBe(400);
    expect((await infer('fp32', Buffer.alloc(7), { [OIP_HEADER_LENGTH]: '0' })).status).toBe(400);
  });

  test('C73: binary_data of one output overrides binary_data_output', async () => {
    const body = {
      parameters: { binary_data_output: true },
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [1], data: [1] },
        { name: 'b', datatype: 'INT32', shape: [1], data: [7] },
      ],
      outputs: [{ name: 'ya' }, { name: 'yb', parameters: { binary_data: false } }],
    };
    const response = await infer('pair', body);
    const bytes = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get(OIP_HEADER_LENGTH));
    const head = JSON.parse(bytes.subarray(0, length).toString()) as { outputs: { data?: number[]; parameters?: object }[] };
    expect(head.outputs[0]).toMatchObject({ parameters: { binary_data_size: 4 } });
    expect(head.outputs[1]?.data).toEqual([7]);
    expect(bytes.length - length).toBe(4);
  });

  test('C81: FP16 is refused as JSON in both directions, and goes through as binary', async () => {
    expect((await infer('half', { inputs: [{ name: 'x', datatype: 'FP16', shape: [1], data: [1] }] })).status).toBe(400);
    const { chunks, headerLength } = encodeInferRequest({
      inputs: [{ name: 'x', datatype: 'FP16', shape: [1], data: Uint8Array.of(0, 60) }],
      outputs: [],
      binaryOutputDefault: true,
    });
    expect((await infer('half', Buffer.concat(chunks), { [OIP_HEADER_LENGTH]: String(headerLength) })).status).toBe(200);
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP16', shape: [1], parameters: { binary_data_size: 2 } }] }));
    const asJson = await infer('half', Buffer.concat([head, Buffer.from([0, 60])]), { [OIP_HEADER_LENGTH]: String(head.length) });
    expect(asJson.status).toBe(400);
    expect((await json(asJson)).error).toContain('binary_data');
  });
});

describe('JSON', () => {
  test('C75: the id is echoed; only wanted outputs come, in the wanted order; unknown and double ones are refused', async () => {
    const inputs = [
      { name: 'a', datatype: 'FP32', shape: [1], data: [1] },
      { name: 'b', datatype: 'INT32', shape: [1], data: [2] },
    ];
    const answer = await json(await infer('pair', { id: 'mine', inputs, outputs: [{ name: 'yb' }, { name: 'ya' }] }));
    expect(answer).toMatchObject({
      id: 'mine',
      model_name: 'pair',
      model_version: '1',
      outputs: [
        { name: 'yb', data: [2] },
        { name: 'ya', data: [1] },
      ],
    });
    expect(await json(await infer('pair', { inputs }))).not.toHaveProperty('id');
    expect((await infer('pair', { inputs, outputs: [{ name: 'nothing' }] })).status).toBe(400);
    expect((await infer('pair', { inputs, outputs: [{ name: 'ya' }, { name: 'ya' }] })).status).toBe(400);
  });

  test('C76 S24: shapes that do not fit, overflow or are negative, and deep nesting, are refused', async () => {
    const mismatch = await infer('fp32', { inputs: [fp32([1, 2, 3], [2])] });
    expect(mismatch.status).toBe(400);
    expect((await json(mismatch)).error).toMatch(/expected 2 values.*got 3/);
    for (const shape of [[2 ** 40, 2 ** 40], [2 ** 32, 2 ** 32], [-1], [1.5]]) expect((await infer('grid', { inputs: [fp32([1], shape)] })).status, String(shape)).toBe(400);
    const nested = (depth: number) => `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${'['.repeat(depth)}1${']'.repeat(depth)}}]}`;
    for (const depth of [65, 250_000]) {
      const response = await infer('fp32', nested(depth));
      expect(response.status).toBe(400);
      expect((await json(response)).error).toContain('nests deeper');
    }
    expect((await json(await infer('fp32', nested(50)))).error).not.toContain('nests deeper');
  });

  test('C77: missing and extra inputs are named', async () => {
    expect((await json(await infer('pair', { inputs: [{ name: 'a', datatype: 'FP32', shape: [1], data: [1] }] }))).error).toContain("'b'");
    expect((await json(await infer('fp32', { inputs: [fp32([1, 2]), { ...fp32([1, 2]), name: 'z' }] }))).error).toContain("'z'");
  });

  test('C78: an unknown datatype is a 400, an unknown model or version a 404, a wrong method a 405; errors are strings', async () => {
    const cases: [Response, number][] = [
      [await infer('fp32', { inputs: [{ ...fp32([1]), datatype: 'INT322' }] }), 400],
      [await infer('fp32', { inputs: [{ ...fp32([1]), datatype: 'FP64' }] }), 400],
      [await infer('nobody', { inputs: [] }), 404],
      [await infer('fp32/versions/99', { inputs: [fp32([1, 2])] }), 404],
      [await infer('chat', { inputs: [] }), 400],
      [await modelyard.call('/v2/models/fp32/infer'), 405],
      [await modelyard.call('/v2/models/fp32', { method: 'DELETE' }), 405],
    ];
    for (const [response, status] of cases) {
      expect(response.status, response.url).toBe(status);
      expect(await response.json()).toEqual({ error: expect.any(String) as string });
    }
  });

  test('C79: INT64 and UINT64 beyond 2^53 are exact both ways', async () => {
    const body = (datatype: string, digits: string) => `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${digits}]}]}`;
    for (const digits of ['9007199254740993', '-9223372036854775808', '9223372036854775807'])
      expect(await (await infer('int64', body('INT64', digits))).text()).toContain(`"data":[${digits}]`);
    expect(await (await infer('uint64', body('UINT64', '18446744073709551615'))).text()).toContain('"data":[18446744073709551615]');
    expect((await infer('uint64', body('UINT64', '18446744073709551616'))).status).toBe(400);
  });

  test('C80: NaN and infinities are null in JSON and marked, exact in binary', async () => {
    const data = Uint8Array.from(Buffer.from(Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 1).buffer));
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [3], parameters: { binary_data_size: data.length } }] }));
    const body = Buffer.concat([head, data]);
    const answer = await json(await infer('fp32', body, { [OIP_HEADER_LENGTH]: String(head.length) }));
    expect(answer.outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [3], parameters: { non_finite_values: true }, data: [null, null, 1] }]);
    const raw = await infer('fp32', Buffer.from(data), { [OIP_HEADER_LENGTH]: '0' });
    expect(
      Buffer.from(await raw.arrayBuffer())
        .subarray(-data.length)
        .equals(data),
    ).toBe(true);
  });
});

describe('discovery', () => {
  test('C86: health is public and ignores query strings; the rest needs a key', async () => {
    for (const path of ['/v2/health/live?test_1=1', '/v2/health/ready?a=b', '/live', '/ready']) {
      expect((await modelyard.call(path, { key: null })).status, path).toBe(200);
    }
    expect(await json(await modelyard.call('/v2/health/ready', { key: null }))).toEqual({ ready: true, live: true });
    for (const path of ['/v2', '/v2/models/fp32', '/v2/models/fp32/ready', '/v1/models']) expect((await modelyard.call(path, { key: null })).status, path).toBe(401);
    expect(await json(await modelyard.call('/v2?x=1'))).toMatchObject({
      name: 'modelyard',
      version: expect.any(String) as string,
      extensions: expect.arrayContaining(['binary_tensor_data', 'model_repository']) as string[],
    });
  });

  test('C87: metadata and readiness, with and without a version; the version is echoed as a string', async () => {
    expect(await json(await modelyard.call('/v2/models/fp32'))).toEqual({
      name: 'fp32',
      versions: ['1'],
      platform: 'modelyard_echo',
      inputs: one('FP32').inputs,
      outputs: one('FP32').outputs,
    });
    for (const path of ['fp32/ready', 'fp32/versions/1/ready', 'fp32:1/ready'])
      expect(await json(await modelyard.call(`/v2/models/${path}`))).toEqual({ name: 'fp32', ready: true });
    for (const path of ['fp32/versions/99', 'fp32/versions/99/ready', 'fp32/versions/x', 'fp32/versions/0', 'fp32:2'])
      expect((await modelyard.call(`/v2/models/${path}`)).status, path).toBe(404);
    expect(await json(await infer('fp32/versions/1', { inputs: [fp32([1, 2])] }))).toMatchObject({ model_version: '1' });
    expect(await json(await infer('fp32:1', { inputs: [fp32([1, 2])] }))).toMatchObject({ model_version: '1' });
  });

  test('C43 X48: a name with an organisation works on every route, encoded or not, and is decoded exactly once', async () => {
    for (const name of ['acme/ocr', 'acme%2Focr', '%61cme%2focr']) {
      expect((await infer(name, { inputs: [fp32([1, 2])] })).status, name).toBe(200);
      expect((await infer(`${name}/versions/1`, { inputs: [fp32([1, 2])] })).status, name).toBe(200);
      expect((await infer(`${name}:1`, { inputs: [fp32([1, 2])] })).status, name).toBe(200);
      expect((await modelyard.call(`/v2/models/${name}`)).status, name).toBe(200);
      expect((await modelyard.call(`/v2/models/${name}/versions/1/ready`)).status, name).toBe(200);
    }
    for (const name of ['acme%252Focr', '%2561cme/ocr', 'acme//ocr', 'acme%2F..%2Focr', '..%2Facme%2Focr', 'a/b%2Fc', '%00', '%zz', 'a'.repeat(9_000)]) {
      expect((await infer(name, { inputs: [fp32([1, 2])] })).status, name.slice(0, 40)).toBe(404);
    }
  });

  test('C82: the index is a bare list; unload takes a model away, load brings it back, an unknown one is a 404', async () => {
    await modelyard.deployEcho('passing', { task: 'tensor', signature: one('FP32') });
    const index = (await (await modelyard.call('/v2/repository/index', { method: 'POST' })).json()) as { name: string; state: string }[];
    expect(index.find(({ name }) => name === 'passing')).toEqual({ name: 'passing', version: '1', state: 'READY', reason: '' });
    const ready = (await (await modelyard.call('/v2/repository/index', { body: { ready: true } })).json()) as { name: string }[];
    expect(ready.map(({ name }) => name)).toContain('passing');
    for (const [path, body] of [
      ['index', { ready: 1 }],
      ['index', '['],
      ['models/passing/load', { parameters: { config: '{}' } }],
      ['models/passing/load', { parameters: { 'file:1/model.onnx': 'AAAA' } }],
    ] as const) {
      expect((await modelyard.call(`/v2/repository/${path}`, { body })).status, JSON.stringify(body)).toBe(400);
    }
    expect((await modelyard.call('/v2/repository/models/passing/unload', { body: { parameters: { unload_dependents: false } } })).status).toBe(200);
    expect((await modelyard.call('/v2/models/passing/ready')).status).toBe(404);
    expect((await modelyard.call('/v2/models/passing')).status).toBe(404);
    expect((await modelyard.call('/v2/repository/models/passing/load', { method: 'POST' })).status).toBe(200);
    expect((await modelyard.call('/v2/models/passing/ready')).status).toBe(200);
    for (const name of ['nobody', '..', '..%2Fx', 'a/b/c']) expect((await modelyard.call(`/v2/repository/models/${name}/load`, { method: 'POST' })).status, name).toBe(404);
    expect((await modelyard.call('/v1/models')).status).toBe(200);
  });

  test('":N" picks the version for OpenAI\'s routes too', async () => {
    expect((await modelyard.call('/v1/chat/completions', { body: chatBody('chat:1', 'x') })).status).toBe(200);
    for (const name of ['chat:2', 'chat:0', 'chat:01', 'chat@stable', 'chat:'])
      expect((await modelyard.call('/v1/chat/completions', { body: chatBody(name, 'x') })).status, name).toBe(404);
  });
});
