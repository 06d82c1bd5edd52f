import { describe, expect, test } from 'vitest';
import { readGguf } from './gguf.ts';
import { memorySource } from './byte-source.ts';
import { cacheBytes, cacheBytesRead, cacheParts } from './kv-cache.ts';
import { buildGguf, gguf, LLAMA_KEYS } from './testing/build.ts';
import { headerOf, KNOWN_MODELS, type KnownModel } from './testing/known-models.ts';

const MIB = 1_048_576;
const OFF_MAX = 0.01;

const read = (model: KnownModel, type: 'F16' | 'Q8_0' = 'F16') => readGguf(headerOf(model, type)).weights;

/** Parameters as the models' cards give them; gigabytes of the published Q8_0 files (of Falcon, F16), to the second decimal. */
const published = [
  ['Llama-2-7B', 6_738_415_616, 'Q8_0', 7.16, 'MHA'],
  ['Llama-3.1-8B', 8_030_261_248, 'Q8_0', 8.54, 'GQA'],
  ['Mixtral-8x7B', 46_702_792_704, 'Q8_0', 49.62, 'GQA'],
  ['Gemma-2-9B', 9_241_705_984, 'Q8_0', 9.83, 'GQA'],
  ['Gemma-3-4B', 3_880_099_328, 'Q8_0', 4.13, 'GQA'],
  ['Falcon-7B', 7_217_189_760, 'F16', 14.44, 'MQA'],
  ['DeepSeek-V2-Lite', 15_706_484_224, 'Q8_0', 16.7, 'MLA'],
] as const;

test.each(published)('Q7: the header of %s gives its %i parameters, and %s bytes within a hundredth of %f GB', (name, parameters, type, gigabytes, attention) => {
  const weights = read(KNOWN_MODELS[name], type);
  expect(weights.parameters).toBe(parameters);
  expect(Math.abs(weights.tensorBytes / (gigabytes * 1e9) - 1)).toBeLessThanOrEqual(OFF_MAX);
  expect(weights.cache?.attention).toBe(attention);
});

/** One sequence; MiB as llama.cpp prints them for it ("KV self size"), windows apart. */
const caches = [
  ['Llama-2-7B', 512, [256]],
  ['Llama-2-7B', 4_096, [2_048]],
  ['Llama-3.1-8B', 8_192, [1_024]],
  ['Mixtral-8x7B', 32_768, [4_096]],
  // 8192 tokens of 21 layers; of the 21 others min(8192, 4096 + 513), in steps of 256: 4864.
  ['Gemma-2-9B', 8_192, [1_344, 798]],
  // 5 of 34 layers see everything; the others 1024 + 513 tokens: 1792.
  ['Gemma-3-4B', 8_192, [160, 203]],
  ['Falcon-7B', 2_048, [16]],
  // One key of 512 + 64 values for all heads, and no value of its own.
  ['DeepSeek-V2-Lite', 4_096, [121.5]],
] as const;

test.each(caches)('Q7: one sequence of %s over %i tokens has %j MiB of cache', (name, contextTokens, mebibytes) => {
  const weights = read(KNOWN_MODELS[name]);
  expect(cacheParts(weights, { slots: 1, contextTokens }).map(({ bytes }) => bytes / MIB)).toEqual(mebibytes);
  expect(cacheBytes(weights, { slots: 4, contextTokens })).toBe(4 * cacheBytes(weights, { slots: 1, contextTokens }));
});

describe('rules of single architectures', () => {
  const model = (architecture: string, ...more: readonly Buffer[]) =>
    readGguf(
      memorySource(
        buildGguf({
          keys: [
            gguf.string('general.architecture', architecture),
            ...Object.entries({ context_length: 8_192, embedding_length: 64, block_count: 4, 'attention.head_count': 4 }).map(([key, value]) =>
              gguf.u32(`${architecture}.${key}`, value),
            ),
            ...more,
          ],
        }),
      ),
    ).weights.cache;
  const list = (key: string, type: number, values: readonly number[]) => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(type);
    head.writeBigUInt64LE(BigInt(values.length), 4);
    const body = type === 7 ? Buffer.from(values) : Buffer.from(Int32Array.from(values).buffer);
    return gguf.raw(key, 9, Buffer.concat([head, body]));
  };

  test('a window that llama.cpp does not heed is not heeded', () => {
    const full = [{ layers: 4, keyLength: 64, valueLength: 64 }];
    expect(model('llama', gguf.u32('llama.attention.sliding_window', 1_024))?.groups).toEqual(full);
    expect(model('phi3', gguf.u32('phi3.attention.sliding_window', 1_024))?.groups).toEqual(full);
    expect(model('gemma3')?.groups).toEqual(full);
  });

  test('which layers have windows: by period, dense first or last, or as listed', () => {
    const counts = (architecture: string, ...more: readonly Buffer[]) =>
      model(architecture, gguf.u32(`${architecture}.attention.sliding_window`, 512), ...more)?.groups.map(({ layers, windowTokens }) => [layers, windowTokens]);
    expect(counts('gpt-oss')).toEqual([
      [2, undefined],
      [2, 512],
    ]);
    expect(counts('cohere2moe')).toEqual([
      [1, undefined],
      [3, 512],
    ]);
    expect(counts('gemma3', list('gemma3.attention.sliding_window_pattern', 7, [0, 1, 0, 0]))).toEqual([
      [3, undefined],
      [1, 512],
    ]);
    expect(counts('llama4')).toEqual([
      [1, undefined],
      [3, 8_192],
    ]);
  });

  test('heads listed by layer: those without any are recurrent, and keep a state instead', () => {
    const cache = model(
      'jamba',
      list('jamba.attention.head_count_kv', 5, [0, 0, 2, 0]),
      gguf.u32('jamba.ssm.conv_kernel', 4),
      gguf.u32('jamba.ssm.inner_size', 128),
      gguf.u32('jamba.ssm.state_size', 16),
    );
    expect(cache).toEqual({ attention: 'GQA', groups: [{ layers: 1, keyLength: 32, valueLength: 32 }], stateValues: 3 * (3 * 128 + 16 * 128) });
  });

  test('a state takes the same whatever the context is', () => {
    const weights = readGguf(
      memorySource(
        buildGguf({
          keys: [
            gguf.string('general.architecture', 'rwkv6'),
            ...Object.entries({ context_length: 8_192, embedding_length: 64, block_count: 4, 'wkv.head_size': 16 }).map(([key, value]) => gguf.u32(`rwkv6.${key}`, value)),
          ],
        }),
      ),
    ).weights;
    expect(cacheBytes(weights, { slots: 2, contextTokens: 256 })).toBe(2 * 4 * 4 * 64 * (2 + 16));
    expect(cacheBytes(weights, { slots: 2, contextTokens: 8_192 })).toBe(cacheBytes(weights, { slots: 2, contextTokens: 256 }));
  });

  test('a manifest without a cache’s description counts as many keys and values in each layer', () => {
    const { cache: _, ...weights } = readGguf(memorySource(buildGguf({ keys: LLAMA_KEYS }))).weights;
    expect(cacheBytes(weights, { slots: 1, contextTokens: 256 })).toBe(256 * 2 * 2 * 2 * 32);
  });
});

test('Q7: a token that is computed reads what its layers see', () => {
  const weights = read(KNOWN_MODELS['Gemma-3-4B']);
  expect(cacheBytesRead(weights, 8_000)).toBe(2 * 2_048 * (5 * 8_000 + 29 * 1_024));
});
