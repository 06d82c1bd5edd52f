import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo');
});
afterAll(() => modelyard.stop());

interface Answer {
  readonly object: string;
  readonly choices: readonly {
    index: number;
    message: { role: string; content: string; refusal: null };
    text?: string;
    logprobs: { content: { token: string; bytes: number[]; logprob: number; top_logprobs: unknown[] }[] } | null;
    finish_reason: string;
  }[];
  readonly usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number; prompt_tokens_details: { cached_tokens: number } };
  readonly error?: { message: string; type: string; param: string | null; code: string };
}

const post = (body: unknown, path = CHAT) => modelyard.call(path, { body });
const ask = async (content: unknown, more: Record<string, unknown> = {}): Promise<Answer> => {
  const response = await post({ ...chatBody('echo', ''), messages: [{ role: 'user', content }], ...more });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
};
const refused = async (body: unknown, path = CHAT): Promise<NonNullable<Answer['error']>> => {
  const response = await post(body, path);
  expect(response.status, JSON.stringify(body)).toBe(400);
  const { error } = (await response.json()) as Answer;
  expect(error).toEqual({ message: expect.any(String) as string, type: 'invalid_request_error', param: error?.param ?? null, code: expect.any(String) as string });
  return error as NonNullable<Answer['error']>;
};

describe('answers', () => {
  test("C11 C41: the whole answer has OpenAI's keys, its counts add up, and it has no error key", async () => {
    const answer = await ask('hello there');
    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'echo',
      id: expect.stringMatching(/^chatcmpl-/) as string,
      created: expect.any(Number) as number,
      choices: [{ index: 0, message: { role: 'assistant', content: 'hello there', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    });
    const { usage } = answer;
    expect(usage.completion_tokens).toBe(2);
    expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens);
    expect(usage.prompt_tokens_details.cached_tokens).toBeLessThanOrEqual(usage.prompt_tokens);
    expect(answer).not.toHaveProperty('error');
  });

  test('C13: max_tokens ends with "length"; max_completion_tokens takes precedence', async () => {
    expect((await ask('a b c', { max_tokens: 1 })).choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'a' } });
    expect((await ask('a b c', { max_tokens: 1, max_completion_tokens: 2 })).choices[0]?.message.content).toBe('a b');
  });

  test('C14: stop as a string and as a list; none of its text comes', async () => {
    for (const stop of ['c', ['x', 'c']]) {
      expect((await ask('a b c d', { stop })).choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'a b ' } });
    }
  });

  test('C16 C28: text parts equal a string; "developer" alone is accepted', async () => {
    expect(
      (
        await ask([
          { type: 'text', text: 'ab ' },
          { type: 'text', text: 'cd' },
        ])
      ).choices[0]?.message.content,
    ).toBe('ab cd');
    expect((await post({ model: 'echo', messages: [{ role: 'developer', content: 'hi' }] })).status).toBe(200);
  });

  test('C19 C20: log probabilities have bytes, none above 0, and their tokens are the text', async () => {
    const [choice] = (await ask('x yz', { logprobs: true, top_logprobs: 0 })).choices;
    const content = choice?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join('')).toBe('x yz');
    for (const { token, bytes, logprob, top_logprobs: top } of content) {
      expect(Buffer.from(bytes).toString()).toBe(token);
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top).toEqual([]);
    }
    expect((await ask('x')).choices[0]?.logprobs).toBeNull();
  });

  test('C22: n choices have n indexes', async () => {
    expect((await ask('x', { n: 2 })).choices.map(({ index }) => index)).toEqual([0, 1]);
  });

  test('C29: json_object is JSON', async () => {
    const answer = await ask('x', { response_format: { type: 'json_object' } });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ echo: 'x' });
  });

  test('C36: characters of several bytes come whole', async () => {
    expect((await ask('żółw 🐢 漢字')).choices[0]?.message.content).toBe('żółw 🐢 漢字');
  });

  test('C39: the legacy form: four prompts, four choices in order; echo begins with the prompt', async () => {
    const response = await post({ model: 'echo', prompt: ['a', 'b', 'c', 'd'], echo: true }, '/v1/completions');
    const { object, choices } = (await response.json()) as Answer;
    expect(object).toBe('text_completion');
    expect(choices.map(({ index, text }) => `${index}${text}`)).toEqual(['0aa', '1bb', '2cc', '3dd']);
  });
});

describe('refusals: C15 C17 C18 C29 C31 C32', () => {
  const messages = (value: unknown) => ({ model: 'echo', messages: value });
  const bad: [string, unknown, string | null][] = [
    ['C15: messages null', messages(null), 'messages'],
    ['C15: messages a string', messages('hi'), 'messages'],
    ['C15: [123]', messages([123]), 'messages[0]'],
    ['C15: [{}]', messages([{}]), 'messages[0].role'],
    ['C15: role 123', messages([{ role: 123, content: 'x' }]), 'messages[0].role'],
    ['C15: system content 123', messages([{ role: 'system', content: 123 }]), 'messages[0].content'],
    ['C17: temperature 2.1', chatBody('echo', 'x', { temperature: 2.1 }), 'temperature'],
    ['C17: temperature -0.1', chatBody('echo', 'x', { temperature: -0.1 }), 'temperature'],
    ['C17: top_p 1.1', chatBody('echo', 'x', { top_p: 1.1 }), 'top_p'],
    ['C17: frequency_penalty 3', chatBody('echo', 'x', { frequency_penalty: 3 }), 'frequency_penalty'],
    ['C17: presence_penalty -3', chatBody('echo', 'x', { presence_penalty: -3 }), 'presence_penalty'],
    ['C17: max_tokens -1', chatBody('echo', 'x', { max_tokens: -1 }), 'max_tokens'],
    ['C18: top_logprobs 21', chatBody('echo', 'x', { logprobs: true, top_logprobs: 21 }), 'top_logprobs'],
    ['C19: top_logprobs without logprobs', chatBody('echo', 'x', { top_logprobs: 2 }), 'top_logprobs'],
    ['C22: an unknown parameter', chatBody('echo', 'x', { top_k: 5 }), 'top_k'],
    ['C22: functions', chatBody('echo', 'x', { functions: [{ name: 'f' }] }), 'functions'],
    ['C22: an image', messages([{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }]), 'messages[0].content[0].image_url'],
    ['C29: an unknown format', chatBody('echo', 'x', { response_format: { type: 'sound' } }), 'response_format.type'],
    ['C29: json_schema without schema', chatBody('echo', 'x', { response_format: { type: 'json_schema', json_schema: { name: 'a' } } }), 'response_format.json_schema.schema'],
    ['C29: json_schema without name', chatBody('echo', 'x', { response_format: { type: 'json_schema', json_schema: { schema: {} } } }), 'response_format.json_schema.name'],
    [
      'C29: a schema that is a number',
      chatBody('echo', 'x', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: 123 } } }),
      'response_format.json_schema.schema',
    ],
    [
      'C29: a schema that is a list',
      chatBody('echo', 'x', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: [] } } }),
      'response_format.json_schema.schema',
    ],
    ['no model', { messages: [{ role: 'user', content: 'x' }] }, 'model'],
    ['C32: a list', [], null],
    ['C32: a string', '"x"', null],
    ['C32: a number', '1', null],
    ['C32: no JSON', '{"model": ', null],
    ['C32: an empty body', '', null],
  ];
  test.each(bad)('%s is a 400 that names the field', async (_name, body, param) => {
    const error = await refused(body);
    expect(error.param).toBe(param);
    expect((await post(chatBody('echo', 'x'))).status).toBe(200);
  });

  test('C10: stream_options without a stream are ignored, and refused by a deployment that is strict', async () => {
    await modelyard.deployEcho('exact');
    const body = chatBody('exact', 'x', { stream: false, stream_options: { include_usage: true } });
    expect((await post(body)).status).toBe(200);
    expect((await modelyard.call('/api/v1/deployments/exact', { method: 'PATCH', body: { strict: true } })).status).toBe(200);
    expect(await refused(body)).toMatchObject({ param: 'stream_options' });
    expect((await post(chatBody('exact', 'x'))).status).toBe(200);
    expect((await post({ ...body, stream: true })).status).toBe(200);
  });

  test('C22: an unknown parameter is named in the message', async () => {
    expect((await refused(chatBody('echo', 'x', { top_k: 5 }))).message).toContain('"top_k"');
  });

  test('C22: a model of another task is refused with the path to call it by', async () => {
    await modelyard.deployEcho('vectors', { task: 'embedding' });
    expect((await refused(chatBody('vectors', 'x'))).message).toContain('/v1/embeddings');
  });

  test('C31: an unknown model is a 404 with its code', async () => {
    const response = await post(chatBody('nobody', 'x'));
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: { message: expect.stringContaining('"nobody"') as string, type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    });
  });

  test('C34: an unknown path is a 404 in JSON, a wrong method a 405', async () => {
    for (const path of ['/v1/nothing', '/v2/nothing', '/nothing', '/api/v1/nothing', '/v1/Chat/Completions', '/v1/chat/completions/']) {
      const response = await modelyard.call(path, { body: {} });
      expect(response.status, path).toBe(404);
      expect(((await response.json()) as { error: unknown }).error).toBeTruthy();
    }
    expect((await modelyard.call(CHAT)).status).toBe(405);
    expect((await modelyard.call('/v1/models', { body: {} })).status).toBe(405);
  });
});
