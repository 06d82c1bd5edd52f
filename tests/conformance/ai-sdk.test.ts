import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, startRealServer } from '../with-models/real-server.ts';

describe('@ai-sdk/openai-compatible, unmodified', () => {
  let server: RealServer;
  let provider: ReturnType<typeof createOpenAICompatible>;

  beforeAll(async () => {
    server = await startRealServer();
    provider = createOpenAICompatible({ name: 'modelyard', baseURL: `${server.url}/v1`, apiKey: server.key, includeUsage: true });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test('generateText', async () => {
    const { text, usage } = await generateText({
      model: provider('smollm2-135m-instruct'),
      instructions: 'You are a helpful assistant.',
      prompt: 'What is the capital of France?',
      temperature: 0,
      maxOutputTokens: 20,
    });
    expect(text).toContain('Paris');
    expect(usage.outputTokens).toBeGreaterThan(0);
  });

  test('streamText', async () => {
    const result = streamText({ model: provider('smollm2-135m-instruct'), prompt: 'Count to three.', temperature: 0, maxOutputTokens: 12 });
    let pieces = 0;
    for await (const _ of result.textStream) pieces++;
    expect(pieces).toBeGreaterThan(1);
    expect((await result.usage).outputTokens).toBe(12);
  });

  test('embed', async () => {
    const { embedding } = await embed({ model: provider.embeddingModel('all-minilm-l6-v2'), value: 'a sunny day' });
    expect(embedding).toHaveLength(384);
  });
});
