import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, startRealServer } from './real-server.ts';

/** SmolLM2 knows no tools, and is too small to choose well; what it writes is held to the functions' schemas all the same. */
let server: RealServer;
beforeAll(async () => {
  server = await startRealServer();
  const { control, operator } = server.running;
  if (!control.deployments.list(operator).some(({ name }) => name === 'smollm2-135m-instruct')) await control.deployments.deploy(operator, { model: 'smollm2-135m-instruct' });
  await control.deployments.ready(operator, 'smollm2-135m-instruct');
});
afterAll(() => server?.[Symbol.asyncDispose]());

interface Answer {
  choices: [{ message: { content: string | null; tool_calls?: { id: string; function: { name: string; arguments: string } }[] }; finish_reason: string }];
  usage: { completion_tokens: number };
}

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', maxLength: 20 }, unit: { enum: ['celsius', 'fahrenheit'] }, days: { type: 'integer' } },
      required: ['city', 'unit', 'days'],
    },
  },
};
const SEND = {
  type: 'function',
  function: {
    name: 'send',
    parameters: { type: 'object', properties: { to: { type: 'array', items: { type: 'string', maxLength: 10 }, maxItems: 2 }, urgent: { type: 'boolean' } } },
  },
};

async function ask(content: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const body = { model: 'smollm2-135m-instruct', messages: [{ role: 'user', content }], tools: [WEATHER, SEND], max_tokens: 160, ...more };
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Answer;
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return answer;
}

function checkCall(name: string, text: string): void {
  const parsed = JSON.parse(text) as Record<string, unknown>;
  if (name === 'get_weather') {
    expect(Object.keys(parsed).toSorted()).toEqual(['city', 'days', 'unit']);
    expect(typeof parsed['city']).toBe('string');
    expect(['celsius', 'fahrenheit']).toContain(parsed['unit']);
    expect(Number.isInteger(parsed['days'])).toBe(true);
  } else {
    expect(name).toBe('send');
    expect(Array.isArray(parsed['to'])).toBe(true);
    expect(typeof parsed['urgent']).toBe('boolean');
  }
}

describe('tools of a model that knows none', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('C23 C26: required, at temperature 1, seed %i: a call of one of them, with arguments after its schema', async (seed) => {
    const { choices } = await ask('What is the weather in Paris, and please tell Ada.', { tool_choice: 'required', parallel_tool_calls: false, temperature: 1, seed });
    const [{ message, finish_reason: finish }] = choices;
    expect(message.content).toBeNull();
    expect(message.tool_calls).toHaveLength(1);
    if (finish !== 'tool_calls') return expect(finish).toBe('length');
    for (const call of message.tool_calls ?? []) checkCall(call.function.name, call.function.arguments);
  });

  test('C26: named', async () => {
    const { choices } = await ask('Hello', { tool_choice: { type: 'function', function: { name: 'send' } }, temperature: 0 });
    expect(choices[0].finish_reason).toBe('tool_calls');
    expect(choices[0].message.tool_calls?.map((call) => call.function.name)).toEqual(['send']);
    checkCall('send', choices[0].message.tool_calls?.[0]?.function.arguments ?? '');
  });

  test('C26: auto is text or calls, none is text', async () => {
    const { choices } = await ask('Say hello.', { temperature: 0 });
    const [{ message }] = choices;
    if (message.tool_calls) for (const call of message.tool_calls) checkCall(call.function.name, call.function.arguments);
    else expect(message.content).toMatch(/\w/);
    expect((await ask('Say hello.', { tool_choice: 'none', temperature: 0 })).choices[0].message.tool_calls).toBeUndefined();
  });

  test('C35: equal seeds at temperature 1 make equal calls', async () => {
    const again = () => ask('Weather?', { tool_choice: 'required', temperature: 1, seed: -9007199254740991 });
    // The first finds less of its prompt in the cache than those after it, and the last bits of what is computed anew differ (C12).
    await again();
    const [first, second] = [await again(), await again()];
    const said = ({ choices }: Answer) => choices[0].message.tool_calls?.map((call) => call.function);
    expect(said(second)).toEqual(said(first));
  });

  test('X24: a schema that can not be followed is a 400 that names "tools"', async () => {
    const bad = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } } } };
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'smollm2-135m-instruct', messages: [{ role: 'user', content: 'x' }], tools: [bad] }),
    });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('pattern')]);
  });
});
