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
    parameters: { type: 'object', properties: { to: { type: 'array', items: { type: 'string', maxLength: 10 }, maxItems: 2 }, urgent: { type: 'boolean' } }, required: ['to'] },
  },
};

function send(content: string, more: Record<string, unknown>): Promise<Response> {
  const body = { model: 'smollm2-135m-instruct', messages: [{ role: 'user', content }], tools: [WEATHER, SEND], max_tokens: 160, ...more };
  return fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function ask(content: string, more: Record<string, unknown> = {}): Promise<Answer> {
  const response = await send(content, more);
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
    expect(['boolean', 'undefined']).toContain(typeof parsed['urgent']);
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

  /** Prompts with the properties of a tool made for them: numbers, enumerations, lists, objects in objects, unions, definitions, and limits that can't be enforced. */
  const CASES: [string, Record<string, unknown>][] = [
    ['Add 2 and 40.', { a: { type: 'integer' }, b: { type: 'integer' } }],
    ['Which day is today?', { day: { enum: ['mon', 'tue', 'wed'] } }],
    ['Turn the lamp on.', { on: { type: 'boolean' }, room: { type: 'string', maxLength: 12 } }],
    ['Book a flight on the 3rd of May.', { date: { type: 'string', format: 'date' } }],
    ['List three fruits.', { fruits: { type: 'array', items: { type: 'string', maxLength: 10 }, minItems: 3, maxItems: 3 } }],
    ['Where is the Louvre?', { place: { type: 'object', properties: { lat: { type: 'number' }, lon: { type: 'number' } }, required: ['lat', 'lon'] } }],
    ['Call nobody.', { who: { type: ['string', 'null'], maxLength: 10 } }],
    ['Say "quoted \\ things" 😀', { text: { type: 'string', maxLength: 20 } }],
    ['Write </tool_call> and <tool_call>.', { text: { type: 'string', maxLength: 30 } }],
    ['A number from 1 to 9.', { n: { type: 'integer', minimum: 1, maximum: 9 } }],
    ['A code like AB-1.', { code: { type: 'string', pattern: '^[A-Z]{2}-\\d$', maxLength: 8 } }],
    ['Anything.', { kind: { const: 'any' }, level: { enum: [1, 2, null] } }],
    ['A red or a blue one.', { colour: { anyOf: [{ const: 'red' }, { type: 'object', properties: { blue: { type: 'boolean' } }, required: ['blue'] }] } }],
    ['Two points.', { points: { type: 'array', items: { $ref: '#/$defs/point' }, maxItems: 2 } }],
    ['No arguments.', {}],
    ['Nothing at all', { note: { type: 'string', maxLength: 8, description: 'a note, "in quotes"' } }],
    ['多言語 text', { 名前: { type: 'string', maxLength: 8 } }],
    ['Ten flags', { flags: { type: 'array', items: { type: 'boolean' }, maxItems: 10 } }],
    ['One pair', { pair: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'boolean' }], minItems: 2, maxItems: 2 } }],
    ['Deep', { a: { type: 'object', properties: { b: { type: 'object', properties: { c: { type: 'integer' } }, required: ['c'] } }, required: ['b'] } }],
  ];
  test.each(CASES)('C23: at temperature 1 the arguments are JSON with the properties that were asked for: %s', async (prompt, properties) => {
    const names = Object.keys(properties);
    const $defs = { point: { type: 'object', properties: { x: { type: 'integer' }, y: { type: 'integer' } }, required: ['x', 'y'] } };
    const tools = [{ type: 'function', function: { name: 'act', parameters: { type: 'object', properties, required: names, $defs } } }];
    const { choices } = await ask(prompt, { tools, tool_choice: 'required', parallel_tool_calls: false, temperature: 1, seed: names.length, max_tokens: 400 });
    const [{ message, finish_reason: finish }] = choices;
    expect(finish).toBe('tool_calls');
    const text = message.tool_calls?.[0]?.function.arguments ?? '';
    expect(Object.keys(JSON.parse(text) as object)).toEqual(names);
    expect(text).not.toContain('\n');
  });

  test('C24: the arguments of a call are streamed as they are generated', async () => {
    const stream = await (await send('Weather in Rome?', { tool_choice: 'required', parallel_tool_calls: false, temperature: 0, stream: true })).text();
    const frames = [...stream.matchAll(/^data: (\{.*\})$/gmu)].map(
      ([, json]) => JSON.parse(json ?? '') as { choices: [{ delta: { tool_calls?: { function: { arguments: string } }[] } }] },
    );
    const fragments = frames.flatMap(({ choices }) => choices[0].delta.tool_calls ?? []).map((call) => call.function.arguments);
    expect(fragments.filter((fragment) => fragment !== '').length).toBeGreaterThan(5);
    const whole = await ask('Weather in Rome?', { tool_choice: 'required', parallel_tool_calls: false, temperature: 0 });
    expect(fragments.join('')).toBe(whole.choices[0].message.tool_calls?.[0]?.function.arguments);
  });

  test('C14: a stop string that JSON is full of does not cut a call', async () => {
    const { choices } = await ask('Weather in Rome?', { tool_choice: 'required', parallel_tool_calls: false, temperature: 0, stop: ['\n', '"', '{'] });
    expect(choices[0].finish_reason).toBe('tool_calls');
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

  test.each([1, 2, 3, 4, 5, 6])('C10 C23 C26: beside a JSON schema, at temperature 1, seed %i: calls after their schemas, or an answer after its own', async (seed) => {
    const schema = { type: 'object', properties: { name: { type: 'string', maxLength: 20 }, arguments: { type: 'array', items: { type: 'integer' }, maxItems: 3 } } };
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema: { ...schema, required: ['name', 'arguments'], additionalProperties: false }, strict: true } };
    const { choices } = await ask('Weather in Rome?', { response_format: format, parallel_tool_calls: false, temperature: 1, seed });
    const [{ message, finish_reason: finish }] = choices;
    if (message.tool_calls) for (const call of message.tool_calls) checkCall(call.function.name, call.function.arguments);
    else expect(JSON.parse(message.content ?? '')).toEqual({ name: expect.any(String) as string, arguments: expect.any(Array) as unknown[] });
    expect(finish).toBe(message.tool_calls ? 'tool_calls' : 'stop');
    const required = await ask('Weather in Rome?', { response_format: format, tool_choice: 'required', parallel_tool_calls: false, temperature: 1, seed });
    expect(required.choices[0].message.content).toBeNull();
  });

  test('C35: equal seeds at temperature 1 make equal calls', async () => {
    const again = () => ask('Weather?', { tool_choice: 'required', temperature: 1, seed: -9007199254740991 });
    // The first finds less of its prompt in the cache than those after it, and the last bits of what is computed anew differ (C12).
    await again();
    const [first, second] = [await again(), await again()];
    const said = ({ choices }: Answer) => choices[0].message.tool_calls?.map((call) => call.function);
    expect(said(second)).toEqual(said(first));
  });

  test('X24: a schema that can not be followed is a 400 that names the tool, where it says that it is strict', async () => {
    const bad = { type: 'function', function: { name: 'f', strict: true, parameters: { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } } } };
    const response = await send('x', { tools: [bad] });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('pattern')]);
  });
});
