import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream, gauge, usageOf } from './support.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness({ config: { queueMax: 2 } });
});
afterAll(() => modelyard.stop());

const running = (name: string) => expect.poll(() => gauge(modelyard, 'running', name), { interval: 10 });
const waiting = (name: string) => expect.poll(() => gauge(modelyard, 'waiting', name), { interval: 10 });
/** A call that never ends by itself. */
function hold(model: string, more: Record<string, unknown> = {}, content = '[[hang]]') {
  const leave = new AbortController();
  const call = modelyard
    .call(CHAT, { body: chatBody(model, content, more), signal: leave.signal })
    .then((response) => response.text())
    .catch(() => 'left');
  return { leave: () => leave.abort(), call };
}

test('C38 S5 M12: a client that leaves in the middle of a stream frees the slot within 1 s, and pays for what was produced', async () => {
  await modelyard.deployEcho('streams', { slots: 1 });
  const leave = new AbortController();
  const response = await modelyard.call(CHAT, { body: chatBody('streams', '[[delay-ms:20]] [[tokens:1000]] w', { stream: true }), signal: leave.signal });
  const reader = response.body?.getReader();
  for (let i = 0; i < 3; i++) await reader?.read();
  const left = performance.now();
  leave.abort();
  await running('streams').toBe(0);
  expect(performance.now() - left).toBeLessThan(1_000);
  const [row] = await usageOf(modelyard, 'streams', 1);
  expect(row).toMatchObject({ status: 'cancelled', httpStatus: 200, estimated: false, promptTokens: 4 });
  expect(row?.completionTokens).toBeGreaterThanOrEqual(2);
  expect(row?.completionTokens).toBeLessThan(100);
});

test('S5 M14: a client that leaves while its call waits is taken out of the queue; one that waits for the first byte stops the engine', async () => {
  await modelyard.deployEcho('queued', { slots: 1 });
  const first = hold('queued');
  await running('queued').toBe(1);
  const second = hold('queued');
  await waiting('queued').toBe(1);
  second.leave();
  await waiting('queued').toBe(0);
  first.leave();
  await running('queued').toBe(0);
  await Promise.all([first.call, second.call]);
  const rows = await usageOf(modelyard, 'queued', 2);
  expect(rows.map(({ status, httpStatus, completionTokens }) => [status, httpStatus, completionTokens])).toEqual([
    ['cancelled', 499, 0],
    ['cancelled', 499, 0],
  ]);
});

test('M14: a whole answer that its client does not wait for is billed by what the engine says it computed', async () => {
  await modelyard.deployEcho('unread', { slots: 1 });
  const call = hold('unread', {}, '[[delay-ms:20]] [[tokens:500]] w');
  await running('unread').toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 120));
  call.leave();
  await running('unread').toBe(0);
  const [row] = await usageOf(modelyard, 'unread', 1);
  expect(row).toMatchObject({ status: 'cancelled', httpStatus: 499, estimated: false });
  expect(row?.completionTokens).toBeGreaterThan(0);
  expect(row?.completionTokens).toBeLessThan(100);
});

test('S1: one call beyond slots and queue is refused at once with Retry-After; the others are served', async () => {
  await modelyard.deployEcho('full', { slots: 1 });
  const call = () => modelyard.call(CHAT, { body: chatBody('full', '[[delay-ms:300]] a') });
  const first = call();
  await running('full').toBe(1);
  const queued = [call(), call()];
  await waiting('full').toBe(2);
  const started = performance.now();
  const refused = await call();
  expect(performance.now() - started).toBeLessThan(50);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ error: { code: 'queue_full' } });
  expect((await Promise.all([first, ...queued])).map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('S3: a call whose deadline passes in the queue is a 504, costs no engine anything and is free', async () => {
  await modelyard.deployEcho('late', { slots: 1 });
  const first = hold('late');
  await running('late').toBe(1);
  const response = await modelyard.call(CHAT, { body: chatBody('late', 'x'), headers: { 'x-request-timeout': '0.1' } });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: 'deadline_exceeded' } });
  await waiting('late').toBe(0);
  first.leave();
  await first.call;
  const rows = await usageOf(modelyard, 'late', 2);
  const late = rows.find(({ status }) => status === 'failed');
  expect(late).toMatchObject({ httpStatus: 504, promptTokens: 0, completionTokens: 0 });
  expect(late?.stages).not.toHaveProperty('queue');
});

test('a deadline in the middle of a stream ends it with one error event', async () => {
  await modelyard.deployEcho('cut', { slots: 1 });
  const response = await modelyard.call(CHAT, { body: chatBody('cut', '[[delay-ms:30]] [[tokens:100]] w', { stream: true }), headers: { 'x-request-timeout': '0.2' } });
  const text = await response.text();
  expect(text.match(/"error"/g)).toHaveLength(1);
  expect(text).toContain('deadline_exceeded');
  expect(text).not.toContain('[DONE]');
  expect(await usageOf(modelyard, 'cut', 1)).toMatchObject([{ status: 'failed', estimated: false }]);
});

test('S4: the engine is told the time that is left, never more; a timeout that is no number is refused', async () => {
  await using upstream = await fakeForeignUpstream(
    modelyard,
    'timed',
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"usage":{"prompt_tokens":1,"completion_tokens":1}}'),
  );
  const call = (timeout: string) => modelyard.call(CHAT, { body: chatBody('timed', 'x'), headers: { 'x-request-timeout': timeout } });
  expect((await call('2')).status).toBe(200);
  expect((await call('100000')).status).toBe(200);
  const [short, capped] = upstream.received.map(({ headers }) => Number(headers['x-modelyard-deadline-ms']));
  expect(short).toBeGreaterThan(0);
  expect(short).toBeLessThanOrEqual(2_000);
  expect(capped).toBeLessThanOrEqual(600_000);
  for (const timeout of ['0', '-1', 'soon', '1e3']) expect((await call(timeout)).status, timeout).toBe(400);
});
