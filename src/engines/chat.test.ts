import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINE_HEADER } from '../contract/engine-wire.ts';
import { readSse, startEcho, type EchoHarness } from './echo-harness.ts';

const CHAT = '/v1/chat/completions';
const ask = (content: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({ model: 'echo', messages: [{ role: 'user', content }], ...more });

let echo: EchoHarness;
beforeAll(async () => {
  echo = await startEcho();
});
afterAll(() => echo[Symbol.asyncDispose]());

describe('streaming', () => {
  test('C1 C2 C3 C4 C5 C6 C7: the frames of a stream', async () => {
    const { frames, chunks, contentType } = await readSse(await echo.post(CHAT, ask('one two three', { stream: true }), { [ENGINE_HEADER.requestId]: 'r1' }));
    expect(contentType).toMatch(/^text\/event-stream/u);
    expect(frames.at(-1)).toBe('data: [DONE]');
    const choices = chunks.map((chunk) => chunk.choices[0]);
    expect(choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(choices.slice(1).every((choice) => choice?.delta.role === undefined)).toBe(true);
    expect(choices.slice(0, -1).every((choice) => choice?.finish_reason === null)).toBe(true);
    expect(choices.at(-1)).toEqual({ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' });
    expect(choices.map((choice) => choice?.delta.content ?? '').join('')).toBe('one two three');
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    expect(chunks[0]).toMatchObject({ id: 'chatcmpl-r1', object: 'chat.completion.chunk', model: 'echo' });
    expect(chunks.some((chunk) => 'usage' in chunk || 'error' in chunk)).toBe(false);
  });

  test('C9: include_usage adds a last chunk without choices, and null before', async () => {
    const { chunks, frames, usage } = await readSse(await echo.post(CHAT, ask('a b', { stream: true, stream_options: { include_usage: true } })));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(frames.at(-2)).toMatch(/^: modelyard-usage \{/u);
    expect(usage).toMatchObject({ promptTokens: 3, completionTokens: 2 });
  });

  test('an empty generation still opens and closes its choice', async () => {
    const { chunks } = await readSse(await echo.post(CHAT, ask('[[empty]]', { stream: true })));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta)).toEqual([{ role: 'assistant', content: '' }, {}]);
  });

  test('C22: n streams interleave under distinct indexes, each with one finish', async () => {
    const { chunks, usage } = await readSse(await echo.post(CHAT, ask('x y', { stream: true, n: 3 })));
    const finished = chunks.filter((chunk) => chunk.choices[0]?.finish_reason !== null).map((chunk) => chunk.choices[0]?.index);
    expect(finished.toSorted((a = 0, b = 0) => a - b)).toEqual([0, 1, 2]);
    expect(usage).toMatchObject({ promptTokens: 3, completionTokens: 6 });
  });

  test('C40: an error in the middle is a data frame, and nothing follows', async () => {
    const { chunks, frames } = await readSse(await echo.post(CHAT, ask('some words [[error:500]]', { stream: true })));
    expect(chunks.at(-1)?.error?.message).toBeTypeOf('string');
    expect(frames.at(-1)).toMatch(/^data: \{"error"/u);
    expect(echo.errors).toHaveLength(1);
  });

  test('an error before the first token keeps its status', async () => {
    expect((await echo.post(CHAT, ask('[[error:429]]', { stream: true }))).status).toBe(429);
  });

  test('C21: streamed log probabilities equal the others', async () => {
    const body = ask('p q', { logprobs: true, top_logprobs: 1 });
    const whole = (await (await echo.post(CHAT, body)).json()) as { choices: { logprobs: { content: unknown[] } }[] };
    const { chunks } = await readSse(await echo.post(CHAT, { ...body, stream: true }));
    const streamed = chunks.flatMap((chunk) => (chunk.choices[0]?.logprobs as { content: unknown[] } | null)?.content ?? []);
    expect(streamed).toEqual(whole.choices[0]?.logprobs.content);
  });
});

describe('whole answers', () => {
  const answer = async (body: unknown): Promise<{ choices: Record<string, never>[]; usage: Record<string, never> } & Record<string, unknown>> =>
    (await echo.post(CHAT, body)).json() as never;

  test('the keys that OpenAI requires', async () => {
    const response = await echo.post(CHAT, ask('hello world'));
    expect(JSON.parse(response.headers.get(ENGINE_HEADER.usage) ?? '')).toMatchObject({ promptTokens: 3, completionTokens: 2 });
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      model: 'echo',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello world', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  });

  test('C13: max_tokens ends with length, and max_completion_tokens takes precedence', async () => {
    expect((await answer(ask('a b c', { max_tokens: 1 }))).choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'a' } });
    expect((await answer(ask('a b c', { max_tokens: 1, max_completion_tokens: 2 }))).choices[0]).toMatchObject({ message: { content: 'a b' } });
  });

  test('C14: stop as string and as list, over token borders, and never in the text', async () => {
    for (const stop of ['b c', ['zz', 'b c']]) {
      expect((await answer(ask('a b c d', { stop }))).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'a ' } });
    }
  });

  test('C16 C28: text parts are joined, developer is accepted', async () => {
    expect(
      (
        await answer(
          ask([
            { type: 'text', text: 'ab ' },
            { type: 'text', text: 'cd' },
          ]),
        )
      ).choices[0],
    ).toMatchObject({ message: { content: 'ab cd' } });
    expect((await echo.post(CHAT, { model: 'echo', messages: [{ role: 'developer', content: 'hi' }] })).status).toBe(200);
  });

  test('C19 C20: log probabilities', async () => {
    const { choices } = await answer(ask('x yz', { logprobs: true, top_logprobs: 0 }));
    expect(choices[0]).toMatchObject({
      logprobs: {
        content: [
          { token: 'x', bytes: [120], top_logprobs: [] },
          { token: ' yz', top_logprobs: [] },
        ],
      },
    });
  });

  test('C29: formats; an unknown one is refused', async () => {
    const { choices } = await answer(ask('x', { response_format: { type: 'json_object' } }));
    expect(JSON.parse((choices[0] as { message: { content: string } } | undefined)?.message.content ?? '')).toEqual({ echo: 'x' });
    expect((await echo.post(CHAT, ask('x', { response_format: { type: 'sound' } }))).status).toBe(400);
    expect((await echo.post(CHAT, ask('x', { response_format: { type: 'json_schema', json_schema: {} } }))).status).toBe(400);
  });

  test('C35: a seed of -2^53 is accepted', async () => {
    expect((await echo.post(CHAT, ask('x', { seed: -9007199254740991 }))).status).toBe(200);
  });

  test('C11: a prompt seen before is cached, under an equal salt only', async () => {
    const salted = (salt: string): Promise<Response> => echo.post(CHAT, ask('the same long prompt'), { [ENGINE_HEADER.cacheSalt]: salt });
    const cached = async (response: Promise<Response>): Promise<number> =>
      (JSON.parse((await response).headers.get(ENGINE_HEADER.usage) ?? '') as { cachedTokens: number }).cachedTokens;
    expect(await cached(salted('s1'))).toBe(0);
    expect(await cached(salted('s2'))).toBe(0);
    expect(await cached(salted('s1'))).toBe(4);
  });
});

describe('refusals', () => {
  const bad: [string, unknown][] = [
    ['C15: messages null', { model: 'm', messages: null }],
    ['C15: messages a string', { model: 'm', messages: 'x' }],
    ['C15: [123]', { model: 'm', messages: [123] }],
    ['C15: [{}]', { model: 'm', messages: [{}] }],
    ['C15: role 123', { model: 'm', messages: [{ role: 123 }] }],
    ['C15: content 123', { model: 'm', messages: [{ role: 'system', content: 123 }] }],
    ['C17: temperature 2.1', ask('x', { temperature: 2.1 })],
    ['C17: top_p 1.1', ask('x', { top_p: 1.1 })],
    ['C17: max_tokens -1', ask('x', { max_tokens: -1 })],
    ['C18: top_logprobs 21', ask('x', { logprobs: true, top_logprobs: 21 })],
    ['C22: tools', ask('x', { tools: [{ type: 'function' }] })],
    ['C32: an array', []],
    ['C32: no JSON', '{'],
    ['C32: a number', '1'],
    ['an empty stop', ask('x', { stop: '' })],
    ['an odd bias', ask('x', { logit_bias: { a: 1 } })],
  ];
  test.each(bad)('%s is a 400 with an error object', async (_, body) => {
    const response = await echo.post(CHAT, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String), type: 'invalid_request_error', code: expect.any(String) } });
  });
});
