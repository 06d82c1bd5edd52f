import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildSafetensors } from '../testing/build.ts';
import { readWeights } from '../weights.ts';
import { convertBertToGguf } from './bert-gguf.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'convert-'));
});
afterEach(() => rm(folder, { recursive: true }));

const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'play', '##ing'];
const CONFIG = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 8,
  max_position_embeddings: 16,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};

function shapes(): Record<string, number[]> {
  const layer = 'encoder.layer.0.';
  const all: Record<string, number[]> = {
    'embeddings.word_embeddings.weight': [WORDS.length, 4],
    'embeddings.position_embeddings.weight': [16, 4],
    'embeddings.token_type_embeddings.weight': [2, 4],
    'embeddings.LayerNorm.weight': [4],
    'embeddings.LayerNorm.bias': [4],
    'pooler.dense.weight': [4, 4],
    [`${layer}intermediate.dense.weight`]: [8, 4],
    [`${layer}intermediate.dense.bias`]: [8],
    [`${layer}output.dense.weight`]: [4, 8],
    [`${layer}output.dense.bias`]: [4],
  };
  for (const name of ['attention.self.query', 'attention.self.key', 'attention.self.value', 'attention.output.dense']) {
    all[`${layer}${name}.weight`] = [4, 4];
    all[`${layer}${name}.bias`] = [4];
  }
  for (const name of ['attention.output.LayerNorm', 'output.LayerNorm']) for (const part of ['weight', 'bias']) all[`${layer}${name}.${part}`] = [4];
  return all;
}

async function convert(tensors: Record<string, number[]>, config: object = CONFIG, words: readonly string[] = WORDS): Promise<string> {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, shape]) => {
      const start = at;
      at += 4 * shape.reduce((product, size) => product * size, 1);
      return [name, { dtype: 'F32', shape, data_offsets: [start, at] }];
    }),
  );
  const paths = { safetensorsPath: join(folder, 'w'), tokenizerPath: join(folder, 't'), configPath: join(folder, 'c'), outPath: join(folder, 'out') };
  await writeFile(paths.safetensorsPath, buildSafetensors(header, at));
  await writeFile(paths.configPath, JSON.stringify(config));
  const special = words.slice(0, 5).map((content) => ({ content, special: true }));
  await writeFile(paths.tokenizerPath, JSON.stringify({ added_tokens: special, model: { type: 'WordPiece', vocab: Object.fromEntries(words.map((word, id) => [word, id])) } }));
  await convertBertToGguf({ ...paths, name: 'tiny' });
  return paths.outPath;
}

test('X22: a converted BERT is a GGUF that our own reader accepts, the same each time', async () => {
  const first = await readFile(await convert(shapes()));
  const path = await convert(shapes());
  expect((await readFile(path)).equals(first)).toBe(true);
  expect(await readWeights(path)).toMatchObject({
    architecture: 'bert',
    contextLength: 16,
    embeddingLength: 4,
    layers: 1,
    attentionHeads: 2,
    vocabularySize: 7,
    parametersByType: { F16: 28 + 64 + 64, F32: 64 + 8 + 52 },
  });
  const text = first.toString('utf8');
  for (const token of ['\u2581play', '[CLS]', 'tokenizer.ggml.seperator_token_id']) expect(text).toContain(token);
  expect(text).not.toContain('##ing');
});

test('X22: what is no BERT encoder is refused, and nothing is left behind', async () => {
  const { 'embeddings.LayerNorm.bias': _, ...missing } = shapes();
  await expect(convert(missing)).rejects.toThrow('no tensor embeddings.LayerNorm.bias');
  await expect(convert({ ...shapes(), 'decoder.weight': [1] })).rejects.toThrow('decoder.weight');
  await expect(convert(shapes(), { ...CONFIG, model_type: 'gpt2' })).rejects.toThrow('gpt2');
  await expect(convert(shapes(), CONFIG, [...WORDS, 'more'])).rejects.toThrow('8 tokens');
  await expect(readFile(join(folder, 'out'))).rejects.toThrow('ENOENT');
});
