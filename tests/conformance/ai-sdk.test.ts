import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, jsonSchema, Output, streamText, tool, type ToolSet } from 'ai';
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

  const weather = tool({
    description: 'The weather of a city',
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string', maxLength: 20 } }, required: ['city'], additionalProperties: false }),
  });

  test('C23 C26: a tool is called, whole and streamed', async () => {
    const order = {
      model: provider('smollm2-135m-instruct'),
      prompt: 'What is the weather in Paris?',
      temperature: 0,
      maxOutputTokens: 80,
      tools: { weather } as unknown as ToolSet,
      toolChoice: 'required',
    } as const;
    const whole = await generateText(order);
    expect(whole.toolCalls.length).toBeGreaterThan(0);
    for (const call of whole.toolCalls) expect(call).toMatchObject({ toolName: 'weather', input: { city: expect.any(String) as string } });
    const streamed = await streamText({ ...order, toolChoice: { type: 'tool', toolName: 'weather' } }).toolCalls;
    expect(streamed).toMatchObject([{ toolName: 'weather', input: { city: expect.any(String) as string } }]);
  });

  test('C29: structured output', async () => {
    const schema = jsonSchema<{ name: string; people: number }>({
      type: 'object',
      properties: { name: { type: 'string', maxLength: 20 }, people: { type: 'integer' } },
      required: ['name', 'people'],
      additionalProperties: false,
    });
    const structured = createOpenAICompatible({ name: 'modelyard', baseURL: `${server.url}/v1`, apiKey: server.key, supportsStructuredOutputs: true });
    const { output } = await generateText({
      model: structured('smollm2-135m-instruct'),
      prompt: 'Name a city.',
      temperature: 0,
      maxOutputTokens: 60,
      output: Output.object({ schema }),
    });
    expect(Number.isInteger(output.people)).toBe(true);
  });

  test('embed', async () => {
    const { embedding } = await embed({ model: provider.embeddingModel('all-minilm-l6-v2'), value: 'a sunny day' });
    expect(embedding).toHaveLength(384);
  });
});
