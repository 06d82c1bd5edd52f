import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';

let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo');
});
afterAll(() => modelyard.stop());

const tool = (name: string) => ({
  type: 'function',
  function: { name, description: 'says it', parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } },
});
const TOOLS = [tool('say'), tool('other')];
const ask = (content: string, more: Record<string, unknown>) => modelyard.call('/v1/chat/completions', { body: chatBody('echo', content, more) });

interface Message {
  content: string | null;
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[];
}
async function answer(content: string, more: Record<string, unknown>): Promise<{ message: Message; finish_reason: string; logprobs: unknown }> {
  const { choices } = (await (await ask(content, more)).json()) as { choices: [{ message: Message; finish_reason: string; logprobs: unknown }] };
  return choices[0];
}

describe('tools', () => {
  test('C23 C25 C27: a call has an id, its arguments are a string of JSON, content is null and the finish says so', async () => {
    const { message, finish_reason: finish } = await answer('[[call:1]] hello there', { tools: TOOLS });
    expect(finish).toBe('tool_calls');
    expect(message.content).toBeNull();
    expect(message.tool_calls).toEqual([{ id: expect.stringMatching(/^call_\w+/) as string, type: 'function', function: { name: 'say', arguments: '{"text":"hello there"}' } }]);
  });

  test('C24 C25: streamed, each call begins with its index, id and name; its arguments follow in fragments; the last frame is empty', async () => {
    const text = await (await ask('[[call:2]] hello there you', { tools: TOOLS, stream: true })).text();
    const chunks = [...text.matchAll(/^data: (\{.*\})$/gm)].map(
      ([, json]) => JSON.parse(json ?? '') as { id: string; choices: { delta: Record<string, unknown>; finish_reason: string | null }[] },
    );
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    const deltas = chunks.map(({ choices }) => choices[0]?.delta ?? {});
    expect(deltas[0]).toEqual({ role: 'assistant', content: null });
    expect(deltas.at(-1)).toEqual({});
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([...Array<null>(chunks.length - 1).fill(null), 'tool_calls']);
    const parts = deltas.slice(1, -1).map((delta) => (delta['tool_calls'] as { index: number; id?: string; type?: string; function: { name?: string; arguments: string } }[])[0]);
    for (const index of [0, 1]) {
      const [first, ...rest] = parts.filter((part) => part?.index === index);
      expect(first).toMatchObject({ id: expect.any(String) as string, type: 'function', function: { name: 'say', arguments: '' } });
      expect(rest.length).toBeGreaterThan(1);
      for (const part of rest) expect([part?.id, part?.type, part?.function.name]).toEqual([undefined, undefined, undefined]);
      expect(rest.map((part) => part?.function.arguments).join('')).toBe('{"text":"hello there you"}');
    }
    expect(new Set(parts.filter((part) => part?.id !== undefined).map((part) => part?.id)).size).toBe(2);
  });

  test('C26: none, auto, required, named, and one at most', async () => {
    expect((await answer('[[call:1]] hi', { tools: TOOLS, tool_choice: 'none' })).message).toMatchObject({ content: 'hi' });
    expect((await answer('hi', { tools: TOOLS, tool_choice: 'auto' })).message).toEqual({ role: 'assistant', content: 'hi', refusal: null });
    expect((await answer('hi', { tools: TOOLS })).finish_reason).toBe('stop');
    expect((await answer('hi', { tools: TOOLS, tool_choice: 'required' })).message.tool_calls).toHaveLength(1);
    const named = await answer('hi', { tools: TOOLS, tool_choice: { type: 'function', function: { name: 'other' } } });
    expect([named.message.tool_calls?.map((call) => call.function.name), named.finish_reason]).toEqual([['other'], 'tool_calls']);
    expect((await answer('[[call:3]] hi', { tools: TOOLS })).message.tool_calls).toHaveLength(3);
    expect((await answer('[[call:3]] hi', { tools: TOOLS, parallel_tool_calls: false })).message.tool_calls).toHaveLength(1);
  });

  test('C23 C26: beside an answer in JSON: the call that is made, or else the JSON', async () => {
    const more = { tools: TOOLS, response_format: { type: 'json_object' } };
    expect((await answer('[[call:1]] hi', more)).message.tool_calls?.map((call) => call.function)).toEqual([{ name: 'say', arguments: '{"text":"hi"}' }]);
    expect(await answer('hi', more)).toMatchObject({ message: { content: '{"echo":"hi"}' }, finish_reason: 'stop' });
    const frames = await (await ask('hi', { ...more, stream: true })).text();
    expect(frames).toContain('"content":"{\\"echo\\":\\"hi\\"}"');
  });

  test('C27: a conversation with calls and their answers is taken', async () => {
    const messages = [
      { role: 'user', content: 'say it' },
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'say', arguments: '{"text":"it"}' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'said' },
      { role: 'user', content: 'thanks' },
    ];
    const response = await modelyard.call('/v1/chat/completions', { body: { model: 'echo', messages, tools: TOOLS } });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'thanks' } }] });
  });

  test('a call that runs out of tokens says "length", and what it cost is metered like any other', async () => {
    const { finish_reason: finish, message } = await answer('[[call:1]] one two three four five six', { tools: TOOLS, max_tokens: 4 });
    expect(finish).toBe('length');
    expect(message.tool_calls?.[0]?.function.arguments).toMatch(/^\{"text"/);
    const { usage } = modelyard.running.control;
    const newest = async () => (await usage.list({ orgId: undefined, since: 0, until: Number.MAX_SAFE_INTEGER }, 1))[0];
    await expect.poll(newest, { timeout: 5_000 }).toMatchObject({ completionTokens: 4, estimated: false });
  });

  test.each([
    ['an empty list', { tools: [] }, 'tools'],
    ['a function twice', { tools: [tool('a'), tool('a')] }, 'tools'],
    ['a name that is none', { tools: [tool('a b')] }, 'tools[0].function.name'],
    ['no function', { tools: [{ type: 'function' }] }, 'tools[0].function'],
    ['another type', { tools: [{ type: 'retrieval' }] }, 'tools[0].type'],
    ['a choice of none of them', { tools: TOOLS, tool_choice: { type: 'function', function: { name: 'x' } } }, 'tool_choice'],
    ['a choice that is none', { tools: TOOLS, tool_choice: 'maybe' }, 'tool_choice'],
    ['required without tools', { tool_choice: 'required' }, 'tool_choice'],
    ['an answer to no call', { messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    ['nothing said', { messages: [{ role: 'assistant', content: null }] }, 'messages[0].content'],
    [
      'arguments that are an object',
      { messages: [{ role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: {} } }] }] },
      'messages[0].tool_calls[0].function.arguments',
    ],
    ['the functions of former days', { functions: [] }, 'functions'],
  ])('bad input: %s', async (_name, more, param) => {
    const response = await ask('x', more);
    const { error } = (await response.json()) as { error: { param: string } };
    expect([response.status, error.param]).toEqual([400, param]);
  });
});
