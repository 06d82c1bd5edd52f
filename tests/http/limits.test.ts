import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { gauge, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
const clock = new FakeClock();
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness({ clock });
  await whileAdvancing(clock, modelyard.deployEcho('echo', { contextLength: 100 }));
});
afterAll(() => whileAdvancing(clock, modelyard.stop()));

const chat = (key: string, content = 'hi', more: Record<string, unknown> = {}) => modelyard.call(CHAT, { key, body: chatBody('echo', content, more) });

test('C42: requests a minute: headers on 200, then 429 with retry-after, then room again', async () => {
  const { key } = await modelyard.makeKey({ name: 'rpm', limits: { requestsPerMinute: 3 } });
  const first = await chat(key);
  expect(first.status).toBe(200);
  expect([...first.headers].filter(([name]) => name.startsWith('x-ratelimit'))).toEqual([
    ['x-ratelimit-limit-requests', '3'],
    ['x-ratelimit-remaining-requests', '2'],
    ['x-ratelimit-reset-requests', '20s'],
  ]);
  expect((await chat(key)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
  expect((await chat(key)).headers.get('x-ratelimit-remaining-requests')).toBe('0');
  const refused = await chat(key);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('20');
  expect(await refused.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'requests_per_minute' } });
  await clock.advance(19_000);
  expect((await chat(key)).headers.get('retry-after')).toBe('1');
  await clock.advance(1_000);
  expect((await chat(key)).status).toBe(200);
  expect((await chat(key)).status).toBe(429);
});

test('M43: a wall clock that is set back neither fills a limit nor keeps it empty', async () => {
  const { key } = await modelyard.makeKey({ name: 'stepped', limits: { requestsPerMinute: 1 } });
  expect((await chat(key)).status).toBe(200);
  clock.step(-3_600_000);
  expect((await chat(key)).headers.get('retry-after')).toBe('60');
  clock.step(2 * 3_600_000);
  expect((await chat(key)).headers.get('retry-after')).toBe('60');
  clock.step(-3_600_000);
  await clock.advance(60_000);
  expect((await chat(key)).status).toBe(200);
});

test('limits are per key: another key of the same organisation is served', async () => {
  const limits = { requestsPerMinute: 1 };
  const [a, b] = [await modelyard.makeKey({ name: 'a', limits }), await modelyard.makeKey({ name: 'b', limits })];
  expect([(await chat(a.key)).status, (await chat(a.key)).status, (await chat(b.key)).status]).toEqual([200, 429, 200]);
});

test("M42: tokens a minute: a call without max_tokens holds the model's context, and what it did not use comes back", async () => {
  const { key } = await modelyard.makeKey({ name: 'tpm', limits: { tokensPerMinute: 250 } });
  const first = await chat(key, 'one two three');
  expect(first.status).toBe(200);
  // Held: a token for each byte of the body, and the whole context for the answer.
  const bytes = JSON.stringify(chatBody('echo', 'one two three')).length;
  expect(first.headers.get('x-ratelimit-remaining-tokens')).toBe(String(250 - bytes - 100));
  await first.text();
  // Used: 4 + 3 tokens. Two such calls at once would not have fitted; one after the other they do.
  for (let i = 0; i < 5; i++) expect((await chat(key, 'one two three')).status).toBe(200);
  const leave = new AbortController();
  const held = modelyard.call(CHAT, { key, body: chatBody('echo', '[[hang]]'), signal: leave.signal }).catch(() => undefined);
  await expect.poll(() => gauge(modelyard, 'running', 'echo')).toBe(1);
  const refused = await chat(key, 'one two three');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: { code: 'tokens_per_minute' } });
  leave.abort();
  await held;
  await expect.poll(() => gauge(modelyard, 'running', 'echo')).toBe(0);
  expect((await chat(key, 'one two three', { max_tokens: 5 })).status).toBe(200);
});

test('M42: a call that may use more than the whole limit goes alone, and the debt is waited for', async () => {
  const { key } = await modelyard.makeKey({ name: 'debt', limits: { tokensPerMinute: 50 } });
  expect((await chat(key, '[[tokens:90]] x')).status).toBe(200);
  const refused = await chat(key, 'x', { max_tokens: 1 });
  expect(refused.status).toBe(429);
  await clock.advance(180_000);
  expect((await chat(key, 'x', { max_tokens: 1 })).status).toBe(200);
});

test('concurrency: the call beyond is a 429, and a place is free again when one ends or leaves', async () => {
  const { key } = await modelyard.makeKey({ name: 'at once', limits: { concurrency: 1 } });
  const leave = new AbortController();
  const held = modelyard.call(CHAT, { key, body: chatBody('echo', '[[hang]]'), signal: leave.signal }).catch(() => undefined);
  await expect.poll(() => gauge(modelyard, 'running', 'echo')).toBe(1);
  const refused = await chat(key);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  leave.abort();
  await held;
  await expect.poll(async () => (await chat(key)).status).toBe(200);
  // Refusals later in the path give their place back too.
  expect((await chat(key, '[[error:400]]')).status).toBe(400);
  expect((await chat(key)).status).toBe(200);
});

test('a refused request counts against nothing but the rate', async () => {
  const { key } = await modelyard.makeKey({ name: 'both', limits: { requestsPerMinute: 2, tokensPerMinute: 250 } });
  expect((await chat(key)).status).toBe(200);
  expect((await modelyard.call(CHAT, { key, body: '{' })).status).toBe(400);
  expect((await modelyard.call(CHAT, { key, body: chatBody('nobody', 'x') })).status).toBe(404);
  expect((await chat(key)).status).toBe(200);
});
