import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, startRealServer } from '../with-models/real-server.ts';

const CHAT = 'smollm2-135m-instruct';
const WEATHER = { type: 'object', properties: { city: { type: 'string', maxLength: 20 } }, required: ['city'] };

describe('@langchain/openai, unmodified', () => {
  let server: RealServer;
  let model: ChatOpenAI;
  const weather = tool(({ city }: { city: string }) => `It is sunny in ${city}.`, { name: 'get_weather', description: 'The weather of a city', schema: WEATHER });

  beforeAll(async () => {
    server = await startRealServer();
    model = new ChatOpenAI({ model: CHAT, apiKey: server.key, temperature: 0, maxTokens: 80, configuration: { baseURL: `${server.url}/v1` } });
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test('invoke and stream', async () => {
    expect(String((await model.invoke('What is the capital of France?')).content)).toMatch(/\w/);
    let pieces = 0;
    for await (const chunk of await model.stream('Count to three.')) if (chunk.content !== '') pieces++;
    expect(pieces).toBeGreaterThan(1);
  });

  test('C23 C26 C27: a bound tool is called, whole and streamed, and its answer goes back', async () => {
    const bound = model.bindTools([weather], { tool_choice: 'get_weather' });
    const question = new HumanMessage('What is the weather in Paris?');
    const called = await bound.invoke([question]);
    expect(called.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: expect.any(String) as string }, id: expect.any(String) as string }]);
    const [call] = called.tool_calls ?? [];
    const answer = await model.bindTools([weather]).invoke([question, called, new ToolMessage({ tool_call_id: call?.id ?? '', content: 'It is sunny in Paris.' })]);
    expect(String(answer.content).length + (answer.tool_calls?.length ?? 0)).toBeGreaterThan(0);
    let joined: Awaited<ReturnType<typeof bound.invoke>> | undefined;
    let chunks = 0;
    for await (const chunk of await bound.stream([question])) {
      chunks++;
      joined = joined ? (joined as typeof chunk).concat(chunk) : chunk;
    }
    expect(chunks).toBeGreaterThan(3);
    expect(joined?.tool_calls).toMatchObject([{ name: 'get_weather', args: { city: expect.any(String) as string } }]);
  });

  test.each(['jsonSchema', 'functionCalling'] as const)('C29: structured output by %s', async (method) => {
    const schema = {
      title: 'city',
      type: 'object',
      properties: { name: { type: 'string', maxLength: 20 }, people: { type: 'integer' } },
      required: ['name', 'people'],
      additionalProperties: false,
    };
    const found = (await model.withStructuredOutput<{ name: string; people: number }>(schema, { method, name: 'city' }).invoke('Name a city and how many people live there.')) as {
      name: string;
      people: number;
    };
    expect(typeof found.name).toBe('string');
    expect(Number.isInteger(found.people)).toBe(true);
  });

  test('embeddings', async () => {
    const embeddings = new OpenAIEmbeddings({ model: 'all-minilm-l6-v2', apiKey: server.key, configuration: { baseURL: `${server.url}/v1` } });
    expect(await embeddings.embedQuery('a sunny day')).toHaveLength(384);
  });
});
