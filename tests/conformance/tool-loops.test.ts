import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, jsonSchema, streamText, tool, type ToolSet } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';

/** Clients' own loops: they run the tools that the model calls, and send the answers back until it says something. The model is scripted, as no small one is sure to do both. */
const SCHEMA = { type: 'object', properties: { text: { type: 'string' }, loud: { type: 'boolean' } }, required: ['text'], additionalProperties: false };
const PROMPT = '[[call:2]] hello there';
const ANSWER = 'said hello there';

let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo');
});
afterAll(() => modelyard.stop());

describe('openai (npm), unmodified: runTools', () => {
  const order = (ran: string[]) =>
    ({
      model: 'echo',
      messages: [{ role: 'user', content: PROMPT }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'say',
            description: 'Says it',
            parameters: SCHEMA,
            parse: JSON.parse as (text: string) => { text: string },
            function({ text }: { text: string }) {
              ran.push(text);
              return `said ${text}`;
            },
          },
        },
      ],
    }) as const;
  const client = () => new OpenAI({ baseURL: `${modelyard.url}/v1`, apiKey: modelyard.key });

  test('C23 C25 C27: whole', async () => {
    const ran: string[] = [];
    const { messages, tools, model } = order(ran);
    const runner = client().chat.completions.runTools({ model, messages: [...messages], tools: [...tools] });
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(ran).toEqual(['hello there', 'hello there']);
    expect(runner.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'assistant']);
  });

  test('C24 C25 C27: streamed', async () => {
    const ran: string[] = [];
    const { messages, tools, model } = order(ran);
    const runner = client().chat.completions.runTools({ model, messages: [...messages], tools: [...tools], stream: true });
    let fragments = 0;
    runner.on('tool_calls.function.arguments.delta', () => fragments++);
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(ran).toEqual(['hello there', 'hello there']);
    expect(fragments).toBeGreaterThan(3);
  });
});

describe('the AI SDK, unmodified: steps', () => {
  const order = (ran: string[]) => ({
    model: createOpenAICompatible({ name: 'modelyard', baseURL: `${modelyard.url}/v1`, apiKey: modelyard.key, includeUsage: true })('echo'),
    prompt: PROMPT,
    stopWhen: isStepCount(4),
    tools: {
      say: tool({
        description: 'Says it',
        inputSchema: jsonSchema<{ text: string }>(SCHEMA as Parameters<typeof jsonSchema>[0]),
        execute({ text }: { text: string }) {
          ran.push(text);
          return `said ${text}`;
        },
      }),
    } as unknown as ToolSet,
  });

  test('C23 C25 C27: whole', async () => {
    const ran: string[] = [];
    const { text, steps } = await generateText(order(ran));
    expect({ text, ran }).toEqual({ text: ANSWER, ran: ['hello there', 'hello there'] });
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
  });

  test('C24 C25 C27: streamed', async () => {
    const ran: string[] = [];
    const result = streamText(order(ran));
    expect(await result.text).toBe(ANSWER);
    expect(ran).toEqual(['hello there', 'hello there']);
    expect((await result.totalUsage).outputTokens).toBeGreaterThan(0);
  });
});
