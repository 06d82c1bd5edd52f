import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENGINE_HEADER } from '../contract/engine-wire.ts';
import { readSse, startEcho, type EchoHarness } from './echo-harness.ts';

let echo: EchoHarness;
beforeAll(async () => {
  echo = await startEcho();
});
afterAll(() => echo[Symbol.asyncDispose]());

interface Answer {
  readonly choices: readonly { index: number; text: string; logprobs: unknown; finish_reason: string }[];
  readonly data: readonly { index: number; embedding: number[] | string }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}
const complete = async (body: Record<string, unknown>): Promise<Answer> => (await echo.post('/v1/completions', { model: 'echo', ...body })).json() as Promise<Answer>;
const embed = async (body: Record<string, unknown>): Promise<Answer> => (await echo.post('/v1/embeddings', { model: 'echo', ...body })).json() as Promise<Answer>;

test('C39: four prompts give four choices in order, and echo begins with the prompt', async () => {
  const { choices, usage } = await complete({ prompt: ['a', 'b', 'c', 'd'], echo: true });
  expect(choices.map(({ index, text }) => `${index}${text}`)).toEqual(['0aa', '1bb', '2cc', '3dd']);
  expect(usage).toMatchObject({ prompt_tokens: 4, total_tokens: 8 });
});

test('C39: token ids and lists of them are prompts; n multiplies', async () => {
  expect((await complete({ prompt: [1, 2, 3] })).choices[0]?.text).toBe('t1 t2 t3');
  expect((await complete({ prompt: [[1], [2]], n: 2 })).choices.map(({ text }) => text)).toEqual(['t1', 't1', 't2', 't2']);
});

test('legacy log probabilities have offsets', async () => {
  const { choices } = await complete({ prompt: 'ab cd', logprobs: 1 });
  expect(choices[0]?.logprobs).toEqual({ tokens: ['ab', ' cd'], token_logprobs: [-0.5, -0.5], top_logprobs: [{ ab: -0.5 }, { ' cd': -0.5 }], text_offset: [0, 2] });
});

test('a stream of completions: text chunks, one finish, [DONE]', async () => {
  const { chunks, frames } = await readSse(await echo.post('/v1/completions', { model: 'echo', prompt: 'x y', stream: true, echo: true }));
  expect(chunks.map((chunk) => chunk.choices[0]?.text)).toEqual(['x y', 'x', ' y', '']);
  expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason)).toEqual([null, null, null, 'stop']);
  expect(frames.at(-1)).toBe('data: [DONE]');
});

test('C22: what is not supported is refused', async () => {
  for (const body of [{ prompt: 'x', suffix: 'y' }, { prompt: 'x', best_of: 3 }, { prompt: [1], echo: true }, { prompt: '' }, { prompt: [] }, { prompt: {} }]) {
    expect((await echo.post('/v1/completions', { model: 'echo', ...body })).status).toBe(400);
  }
});

test('C45: base64 is the float form in little-endian float32', async () => {
  const floats = (await embed({ input: 'hello' })).data[0]?.embedding as number[];
  const bytes = Buffer.from((await embed({ input: 'hello', encoding_format: 'base64' })).data[0]?.embedding as string, 'base64');
  expect(floats.map((_, i) => bytes.readFloatLE(i * 4))).toEqual(floats);
});

test('C46 C47 C49: what is refused of embeddings', async () => {
  for (const body of [{ input: [] }, { input: '' }, { input: 'x', encoding_format: 'int8' }, { input: 'x', dimensions: 5 }]) {
    expect((await echo.post('/v1/embeddings', { model: 'echo', ...body })).status).toBe(400);
  }
  for (const body of [{ input: [1, 2] }, { input: [[1], [2]] }, { input: 'x', dimensions: 8 }]) {
    expect((await echo.post('/v1/embeddings', { model: 'echo', ...body })).status).toBe(200);
  }
});

test('C48: indexes in order, equal inputs give equal vectors of unit norm, usage adds up', async () => {
  const response = await echo.post('/v1/embeddings', { model: 'echo', input: ['same text', 'other', 'same text'] });
  expect(JSON.parse(response.headers.get(ENGINE_HEADER.usage) ?? '')).toEqual({ promptTokens: 5, cachedTokens: 0, completionTokens: 0 });
  const { data, usage } = (await response.json()) as Answer;
  expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(data[0]?.embedding).toEqual(data[2]?.embedding);
  expect(Math.hypot(...(data[0]?.embedding as number[]))).toBeCloseTo(1, 5);
  expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
});
