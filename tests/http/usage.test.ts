import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { usageOf } from './support.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
});
afterAll(() => modelyard.stop());
const chat = (model: string, content: string, more: Record<string, unknown> = {}) => modelyard.call(CHAT, { body: chatBody(model, content, more) });

test("each call has one row, its id in the answer's x-request-id, with the counts that the answer told", async () => {
  await modelyard.deployEcho('counted');
  const whole = await chat('counted', 'a b c');
  const { usage } = (await whole.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
  const streamed = await chat('counted', 'a b c', { stream: true });
  await streamed.text();
  const rows = await usageOf(modelyard, 'counted', 2);
  expect(new Set(rows.map(({ requestId }) => requestId))).toEqual(new Set([whole, streamed].map(({ headers }) => headers.get('x-request-id'))));
  for (const row of rows) {
    expect(row).toMatchObject({ status: 'ok', httpStatus: 200, promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens, estimated: false });
    expect(Object.keys(row.stages)).toEqual(expect.arrayContaining(['authenticate', 'body', 'resolve', 'admit', 'queue', 'first_byte', 'total']));
  }
  expect(whole.headers.get('server-timing')).toMatch(/queue;dur=\d/);
});

test("M16 M17: a call that failed before any word is free; one that failed later counts its words, not the error's", async () => {
  await modelyard.deployEcho('failing');
  await (await chat('failing', '[[error:500]]', { stream: true })).text();
  expect(await usageOf(modelyard, 'failing', 1)).toMatchObject([{ status: 'failed', httpStatus: 502, promptTokens: 0, completionTokens: 0 }]);
  await (await chat('failing', 'two words [[error:500]]', { stream: true })).text();
  expect((await usageOf(modelyard, 'failing', 2))[0]).toMatchObject({ status: 'failed', httpStatus: 200, completionTokens: 2, estimated: true });
});

test('calls that were refused before admission leave no row', async () => {
  await modelyard.deployEcho('refused');
  await modelyard.call(CHAT, { body: { model: 'refused' } });
  await modelyard.call(CHAT, { key: null, body: chatBody('refused', 'x') });
  await chat('refused', 'x');
  expect(await usageOf(modelyard, 'refused', 1)).toMatchObject([{ status: 'ok' }]);
});

test('sums by model, key, day and operation add up, within the time asked for', async () => {
  await modelyard.deployEcho('summed');
  for (let i = 0; i < 3; i++) await (await chat('summed', 'a b')).text();
  await usageOf(modelyard, 'summed', 3);
  type Sum = { group: string; calls: number; completionTokens: number };
  const sums = async (query: string) => ((await (await modelyard.call(`/api/v1/usage?${query}`)).json()) as { data: Sum[] }).data;
  expect((await sums('by=model')).find(({ group }) => group === 'summed')).toMatchObject({ calls: 3, completionTokens: 6 });
  const total = (await sums('by=model')).reduce((sum, { calls }) => sum + calls, 0);
  for (const by of ['key', 'day', 'operation'])
    expect(
      (await sums(`by=${by}`)).reduce((sum, { calls }) => sum + calls, 0),
      by,
    ).toBe(total);
  expect((await sums('by=day')).map(({ group }) => group)).toEqual([new Date().toISOString().slice(0, 10)]);
  expect(await sums(`since=${Date.now() + 60_000}`)).toEqual([]);
  expect(await sums('until=1')).toEqual([]);
  expect((await modelyard.call('/api/v1/usage?by=color')).status).toBe(400);
});
