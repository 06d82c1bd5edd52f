import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../../tests/harness.ts';
import { Modelyard, ModelyardError } from './index.ts';

describe('the SDK against a server', () => {
  let server: Harness;
  let client: Modelyard;

  beforeAll(async () => {
    server = await startHarness();
    await server.deployEcho('echo');
    await server.deployEcho('files', {
      task: 'tensor',
      signature: { inputs: [{ name: 'INPUT0', datatype: 'BYTES', shape: [-1] }], outputs: [{ name: 'OUTPUT0', datatype: 'BYTES', shape: [-1] }] },
    });
    await server.deployEcho('floats', {
      task: 'tensor',
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }] },
    });
    client = new Modelyard({ url: server.url, key: server.key });
  });
  afterAll(async () => {
    await server.stop();
  });

  test('chat comes piece by piece and returns its usage', async () => {
    const pieces: string[] = [];
    const chat = client.inference.chat({ model: 'echo', messages: [{ role: 'user', content: 'one two three' }] });
    let next = await chat.next();
    for (; !next.done; next = await chat.next()) pieces.push(next.value);
    expect(pieces.join('')).toBe('one two three');
    expect(pieces.length).toBeGreaterThan(1);
    expect(next.value?.completion_tokens).toBe(3);
  });

  test('bytes go out in binary and come back whole', async () => {
    const { outputs } = await client.inference.inferBytes('files', 'INPUT0', new TextEncoder().encode('grüße'));
    expect(outputs[0]?.data).toEqual(['grüße']);
  });

  test('typed arrays go out in binary and come back as such', async () => {
    const input = { name: 'x', shape: [2, 2], data: Float32Array.from([1.5, -2, 3, 4]) };
    const [output] = await client.inference.inferTensors('floats', [input]);
    expect(output).toEqual({ name: 'y', shape: [2, 2], data: input.data });
    await expect(client.inference.inferTensors('files', [input])).rejects.toMatchObject({ status: 400 });
  });

  test('control operations are typed by the OpenAPI document', async () => {
    const { key, details } = await client.post('/api/v1/keys', { body: { name: 'sdk', scopes: ['inference'] } });
    expect(details.scopes).toEqual(['inference']);
    expect((await server.call('/v1/chat/completions', { key, body: chatBody('echo', 'hi') })).status).toBe(200);
    await client.delete('/api/v1/keys/{id}', { params: { id: details.id } });
    expect((await server.call('/v1/chat/completions', { key, body: chatBody('echo', 'hi') })).status).toBe(401);
  });

  test("failures are ModelyardErrors with the server's own words", async () => {
    await expect(client.get('/api/v1/models/{name}', { params: { name: 'no/such' } })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(client.post('/api/v1/keys', { body: { name: '' } })).rejects.toMatchObject({ status: 400, param: 'name' });
    const nobody = new Modelyard({ url: 'http://127.0.0.1:9', key: 'x' });
    await expect(nobody.get('/api/v1/models')).rejects.toEqual(expect.any(ModelyardError));
    await expect(nobody.get('/api/v1/models')).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  });
});
