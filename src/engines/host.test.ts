import { expect, test } from 'vitest';
import { ENGINE_HEADER } from '../contract/engine-wire.ts';
import { echoManifest, readSse, startEcho } from './echo-harness.ts';
import { createEchoEngine, createEchoTensorEngine } from './echo/index.ts';
import { startHost } from './host.ts';

const CHAT = '/v1/chat/completions';
const ask = (content: string, more: Record<string, unknown> = {}): unknown => ({ model: 'echo', messages: [{ role: 'user', content }], ...more });

test('health is 503 while loading, 200 when ready, 503 while draining', async () => {
  const host = await startHost({ host: '127.0.0.1', port: 0, token: 't' });
  if (!('port' in host.address)) throw new Error('expected TCP');
  const url = `http://127.0.0.1:${host.address.port}/health`;
  const health = async (): Promise<[number, unknown]> => {
    const response = await fetch(url, { headers: { [ENGINE_HEADER.token]: 't' } });
    return [response.status, await response.json()];
  };
  expect((await fetch(url)).status).toBe(401);
  expect(await health()).toEqual([503, { status: 'loading', slots: 0, running: 0 }]);
  await host.serve(createEchoEngine({ manifest: echoManifest('chat') }));
  expect(await health()).toEqual([200, { status: 'ready', slots: 8, running: 0 }]);
  await host.drain();
  expect(await health()).toEqual([503, { status: 'draining', slots: 8, running: 0 }]);
  await host.close();
});

test('X33: an engine on TCP answers nothing, not even its health, to who has not its own secret', async () => {
  const host = await startHost({ host: '127.0.0.1', port: 0, token: 'a-secret' });
  if (!('port' in host.address)) throw new Error('expected TCP');
  await host.serve(createEchoEngine({ manifest: echoManifest('chat') }));
  const url = `http://127.0.0.1:${host.address.port}`;
  for (const [method, path] of [
    ['GET', '/health'],
    ['GET', '/metrics'],
    ['POST', '/cancel/x'],
    ['POST', '/tokenize'],
    ['POST', CHAT],
    ['POST', '/v2/models/echo/infer'],
    ['GET', '/nothing'],
  ] as const) {
    for (const headers of [{}, { [ENGINE_HEADER.token]: 'another' }, { [ENGINE_HEADER.token]: '' }, { authorization: 'Bearer a-secret' }]) {
      const response = await fetch(url + path, { method, headers });
      expect([path, response.status]).toEqual([path, 401]);
      expect(await response.text()).not.toContain('a-secret');
    }
  }
  expect((await fetch(`${url}/health`, { headers: { [ENGINE_HEADER.token]: 'a-secret' } })).status).toBe(200);
  await host.close();
});

test('a full engine answers 503 and is free again after a cancel', async () => {
  await using echo = await startEcho({ slots: 1 });
  const hanging = echo.post(CHAT, ask('[[hang]]'), { [ENGINE_HEADER.requestId]: 'h' });
  await expect.poll(async () => ((await (await echo.get('/metrics')).json()) as { running: number }).running).toBe(1);
  const full = await echo.post(CHAT, ask('x'));
  expect([full.status, full.headers.get('retry-after')]).toEqual([503, '1']);
  expect((await echo.post('/cancel/h', {})).status).toBe(204);
  const cut = await hanging;
  expect(cut.status).toBe(499);
  expect(JSON.parse(cut.headers.get(ENGINE_HEADER.usage) ?? '')).toMatchObject({ completionTokens: 0 });
  expect((await echo.post('/cancel/unknown', {})).status).toBe(204);
  expect((await echo.post(CHAT, ask('x'))).status).toBe(200);
});

test('a cancelled stream ends with its usage and without [DONE]', async () => {
  await using echo = await startEcho();
  const response = await echo.post(CHAT, ask('a [[tokens:1000]] [[delay-ms:5]]', { stream: true }), { [ENGINE_HEADER.requestId]: 'c' });
  await echo.post('/cancel/c', {});
  const { frames, usage, chunks } = await readSse(response);
  expect(frames.at(-1)).toMatch(/^: modelyard-usage/u);
  expect(frames).not.toContain('data: [DONE]');
  expect(usage?.completionTokens).toBe(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length);
});

test('C38: a client that goes away frees its slot', async () => {
  await using echo = await startEcho({ slots: 1 });
  const client = new AbortController();
  const response = await echo.post(CHAT, ask('[[tokens:100000]] [[delay-ms:5]]', { stream: true }), {}, client.signal);
  client.abort();
  await response.text().catch(() => undefined);
  await expect.poll(async () => ((await (await echo.get('/health')).json()) as { running: number }).running).toBe(0);
});

test('C37: the first frame comes before the generation ends', async () => {
  await using echo = await startEcho();
  const response = await echo.post(CHAT, ask('[[tokens:100000]] [[delay-ms:5]]', { stream: true }));
  const first = await response.body?.getReader().read();
  expect(Buffer.from(first?.value ?? []).toString()).toContain('"role":"assistant"');
});

test('a deadline is a 504', async () => {
  await using echo = await startEcho();
  expect((await echo.post(CHAT, ask('[[hang]]'), { [ENGINE_HEADER.deadlineMs]: '10' })).status).toBe(504);
});

test('draining refuses new calls and waits for the running one', async () => {
  await using echo = await startEcho();
  const running = echo.post(CHAT, ask('a b c [[delay-ms:10]]'));
  await expect.poll(async () => ((await (await echo.get('/health')).json()) as { running: number }).running).toBe(1);
  const drained = echo.engine.drain();
  expect((await echo.post(CHAT, ask('x'))).status).toBe(503);
  expect((await running).status).toBe(200);
  await drained;
});

test('tokenize, unknown paths and wrong methods', async () => {
  await using echo = await startEcho();
  expect(await (await echo.post('/tokenize', { prompt: 'a b' })).json()).toEqual({ tokens: [expect.any(Number), expect.any(Number)] });
  expect(((await (await echo.post('/tokenize', { messages: [{ role: 'user', content: 'a' }] })).json()) as { tokens: unknown[] }).tokens).toHaveLength(2);
  expect((await echo.get('/nothing')).status).toBe(404);
  expect((await echo.get(CHAT)).status).toBe(405);
  expect((await echo.post('/v2/models/m/infer', {})).status).toBe(404);
});

test('the echo tensor engine returns its inputs under the output names', async () => {
  const engine = createEchoTensorEngine({ manifest: echoManifest('tensor') });
  const data = new Uint8Array([1, 2, 3, 4]);
  const outputs = await engine.infer([{ name: 'INPUT0', datatype: 'FP32', shape: [1], data }], [], new AbortController().signal);
  expect(outputs).toEqual([{ name: 'OUTPUT0', datatype: 'FP32', shape: [1], data }]);
});
