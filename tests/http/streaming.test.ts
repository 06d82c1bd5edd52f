import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { readEvents, said, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo');
});
afterAll(() => modelyard.stop());

const stream = (content: string, more: Record<string, unknown> = {}) => modelyard.call(CHAT, { body: chatBody('echo', content, { stream: true, ...more }) });

test('C1 C2 C3 C4 C5 C6 C7 C8: the frames of a stream', async () => {
  const response = await stream('one two three');
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const { frames, chunks } = readEvents(await response.text());
  expect(frames.at(-1)).toBe('data: [DONE]');
  expect(frames.filter((frame) => frame.includes('[DONE]'))).toHaveLength(1);
  const choices = chunks.map((chunk) => chunk.choices[0]);
  expect(choices[0]?.delta.role).toBe('assistant');
  expect(choices.slice(1).every((choice) => choice?.delta.role === undefined)).toBe(true);
  expect(choices.slice(0, -1).every((choice) => choice?.finish_reason === null)).toBe(true);
  expect(choices.at(-1)).toMatchObject({ delta: {}, finish_reason: 'stop' });
  expect(choices.at(-1)?.delta).toEqual({});
  expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
});

test('C9 C41: usage comes in a last chunk without choices when asked for, and is no key at all when not', async () => {
  const asked = readEvents(await (await stream('a b', { stream_options: { include_usage: true } })).text()).chunks;
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
  expect(asked.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  const unasked = readEvents(await (await stream('a b')).text()).chunks;
  expect(unasked.some((chunk) => 'usage' in chunk || 'error' in chunk)).toBe(false);
});

test('C12: a stream says what the whole answer says; the private usage comment stays inside', async () => {
  const text = await (await stream('żółw 🐢 漢字 and more')).text();
  const whole = (await (await modelyard.call(CHAT, { body: chatBody('echo', 'żółw 🐢 漢字 and more') })).json()) as { choices: { message: { content: string } }[] };
  expect(said(readEvents(text).chunks)).toBe(whole.choices[0]?.message.content);
  expect(text).not.toContain('modelyard');
  expect(text).not.toContain('\uFFFD');
});

test('C22: n streams interleave under distinct indexes, each with one finish', async () => {
  const { chunks } = readEvents(await (await stream('x y', { n: 3 })).text());
  const finished = chunks.filter(({ choices }) => choices[0]?.finish_reason !== null).map(({ choices }) => choices[0]?.index ?? -1);
  expect(finished.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test('C37: the first bytes come long before the last', async () => {
  const response = await stream('[[delay-ms:60]] a b c d');
  const arrivals: number[] = [];
  for await (const _chunk of response.body as unknown as AsyncIterable<Uint8Array>) arrivals.push(performance.now());
  expect(arrivals.length).toBeGreaterThanOrEqual(4);
  expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThanOrEqual(120);
});

test('C40 S7: an error in the middle is one error event, without [DONE], and the engine is not asked again', async () => {
  const text = await (await stream('some words [[error:500]]')).text();
  const { frames, chunks } = readEvents(text);
  expect(said(chunks)).toBe('some words');
  expect(chunks.filter(({ error }) => error)).toHaveLength(1);
  expect(chunks.at(-1)?.error).toMatchObject({ message: expect.any(String) as string, type: 'server_error' });
  expect(frames.some((frame) => frame.includes('[DONE]'))).toBe(false);
});

test('an error before the first byte keeps its status, also when a stream was asked for', async () => {
  for (const status of [400, 404, 429]) expect((await stream(`[[error:${status}]]`)).status).toBe(status);
  expect((await stream('[[error:500]]')).status).toBe(502);
});

test('C39: a stream of the legacy form ends with [DONE]', async () => {
  const response = await modelyard.call('/v1/completions', { body: { model: 'echo', prompt: 'x y', stream: true } });
  const text = await response.text();
  expect(text).toContain('"object":"text_completion"');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('a stream that is silent for 15 s gets a comment, so that proxies keep it open', async () => {
  const clock = new FakeClock();
  const slow = await startHarness({ clock });
  await whileAdvancing(clock, slow.deployEcho('echo'));
  const leave = new AbortController();
  const response = await slow.call(CHAT, { body: chatBody('echo', '[[delay-ms:150]] a b c', { stream: true }), signal: leave.signal });
  await clock.advance(15_000);
  const text = await whileAdvancing(clock, response.text(), 1);
  expect(text).toContain(': keep-alive\n\n');
  expect(said(readEvents(text).chunks)).toBe('a b c');
  await whileAdvancing(clock, slow.stop());
});
