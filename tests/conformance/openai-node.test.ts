import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, startRealServer } from '../with-models/real-server.ts';

const CHAT = 'smollm2-135m-instruct';
const SYSTEM = { role: 'system', content: 'You are a helpful assistant.' } as const;
const PARIS = [SYSTEM, { role: 'user', content: 'What is the capital of France?' }] as const;

describe('openai (npm), unmodified', () => {
  let server: RealServer;
  let client: OpenAI;

  beforeAll(async () => {
    server = await startRealServer();
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.key });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test('a chat is answered by a real model', async () => {
    const answer = await client.chat.completions.create({ model: CHAT, messages: [...PARIS], temperature: 0, max_tokens: 30 });
    expect(answer.choices[0]?.message.content).toContain('Paris');
    expect(answer.usage?.total_tokens).toBe((answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0));
  });

  test('C12: the streamed text is the text, and C9: the last chunk has the usage', async () => {
    const request = { model: CHAT, messages: [...PARIS], temperature: 0, max_tokens: 30, seed: 1 };
    const whole = await client.chat.completions.create(request);
    const stream = await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(usage?.completion_tokens).toBe(whole.usage?.completion_tokens);
  });

  test('C20: log probabilities belong to the text', async () => {
    const answer = await client.chat.completions.create({ model: CHAT, messages: [...PARIS], temperature: 0, max_tokens: 8, logprobs: true, top_logprobs: 2 });
    const tokens = answer.choices[0]?.logprobs?.content ?? [];
    expect(tokens.map(({ token }) => token).join('')).toBe(answer.choices[0]?.message.content);
    for (const { logprob, bytes, top_logprobs: top } of tokens) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(bytes).not.toBeNull();
      expect(top).toHaveLength(2);
    }
  });

  test('C29: a JSON schema is kept to', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' }, people: { type: 'integer' } }, required: ['city', 'people'], additionalProperties: false };
    const answer = await client.chat.completions.create({
      model: CHAT,
      messages: [SYSTEM, { role: 'user', content: 'Name a city and how many people live there.' }],
      temperature: 0,
      max_tokens: 60,
      response_format: { type: 'json_schema', json_schema: { name: 'city', schema, strict: true } },
    });
    const value = JSON.parse(answer.choices[0]?.message.content ?? '') as { city: unknown; people: unknown };
    expect(typeof value.city).toBe('string');
    expect(Number.isInteger(value.people)).toBe(true);
  });

  test('C39: a completion of several prompts', async () => {
    const answer = await client.completions.create({ model: CHAT, prompt: ['Once upon', 'The sky is'], max_tokens: 4, temperature: 0 });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  test('C45, C48: embeddings in the form that the SDK asks for, the same for the same text', async () => {
    const { data } = await client.embeddings.create({ model: 'all-minilm-l6-v2', input: ['That is a happy person', 'That is a very happy person', 'Today is a sunny day'] });
    const [a = [], b = [], c = []] = data.map(({ embedding }) => embedding);
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
    expect(a).toHaveLength(384);
    expect(dot(a, a)).toBeCloseTo(1, 3);
    expect(Math.abs(dot(a, b) - 0.943)).toBeLessThan(0.002);
    expect(Math.abs(dot(a, c) - 0.257)).toBeLessThan(0.002);
  });

  test("C44: models are listed, C31: an unknown one is the SDK's NotFoundError, C33: a bad key its AuthenticationError", async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(['all-minilm-l6-v2', 'magika', 'ppocr-v4-rec', CHAT]);
    await expect(client.chat.completions.create({ model: 'nope', messages: [...PARIS] })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'my_nobody' });
    await expect(stranger.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});
