import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimate } from '../../src/scheduler/estimate.ts';
import { inferZeros, peakOf, type Post, type Published, publishedOf } from './peak.ts';
import { starterFile } from './starters.ts';
import { tinyGemma, writeTiny } from './tiny-gguf.ts';
import { convolutions, mlp, mobileNet, saveLayers, startTfjs } from './tiny-tfjs.ts';

/** Beside the starters as they are served (scarce-memory.test.ts): each engine with what is hardest for it, full batches and full slots. */
const MIB = 1_048_576;
const OVER_MAX = 1.2;
const CALLS = 20;
const SLOTS = 8;
const PROMPT_TOKENS = 1_200;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my-peaks-'));
  await startTfjs();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Prompts of other tokens for each slot, so that none is served from another's cache. */
async function fillSlots(post: Post): Promise<void> {
  const body = (slot: number) =>
    Buffer.from(JSON.stringify({ model: 'measured', prompt: Array.from({ length: PROMPT_TOKENS }, (_, index) => 3 + ((index * 7 + slot) % 50)), max_tokens: 16 }));
  const statuses = await Promise.all(Array.from({ length: SLOTS }, (_, slot) => post('/v1/completions', body(slot))));
  expect(statuses).toEqual(Array.from({ length: SLOTS }, () => 200));
}

const rowsOf =
  ({ manifest }: Published, size?: number) =>
  async (post: Post): Promise<void> => {
    for (let call = 0; call < CALLS; call += 1) expect(await inferZeros(post, manifest, manifest.batching?.maxBatchSize ?? 1, size)).toBe(200);
  };

interface Case {
  readonly published: Published;
  use(post: Post): Promise<void>;
}

async function tensors(path: string, rows: number, size?: number): Promise<Case> {
  const published = await publishedOf(path, { batching: { maxBatchSize: rows }, engineOptions: size === undefined ? {} : { sizeMax: size } });
  return { published, use: rowsOf(published, size) };
}

async function text(path: string): Promise<Case> {
  return { published: await publishedOf(path), use: fillSlots };
}

const cases: readonly (readonly [name: string, make: () => Promise<Case>])[] = [
  ['llama: SmolLM2-135M, 8 slots of 1200 tokens', async () => text(await starterFile('smollm2-135m-instruct'))],
  [
    'llama: 14 layers as in Gemma 3, windows of 512',
    async () => {
      const path = join(folder, 'gemma3.gguf');
      await writeTiny(path, tinyGemma('gemma3', 512, { layers: 14, heads: 8, keyValueHeads: 4, headLength: 128 }));
      return await text(path);
    },
  ],
  ['onnx: PP-OCRv4 detection, 640 × 640 pixels', async () => tensors(await starterFile('ppocr-v4-det'), 1, 640)],
  ['onnx: PP-OCRv2 orientation, 8 rows', async () => tensors(await starterFile('ppocr-v2-cls'), 8, 64)],
  ['tfjs: dense, 16 M parameters', async () => tensors(await saveLayers(folder, 'dense', mlp(4_000, 4_000)), 1)],
  ['tfjs: 4 convolutions of 256 × 256 × 32, 4 rows', async () => tensors(await saveLayers(folder, 'convolutions', convolutions(256, 32, 4)), 4)],
  ['tfjs: 10 blocks as in MobileNetV2, 4 rows', async () => tensors(await saveLayers(folder, 'mobile', mobileNet(192, 10)), 4)],
];

test.each(cases)('Q8: the peak of %s is never above the estimate, and at most a fifth below', { timeout: 240_000 }, async (name, make) => {
  const { published, use } = await make();
  const { memoryBytes } = estimate(published.manifest);
  const peak = await peakOf(published, use);
  process.stdout.write(
    `${name}: estimated ${Math.round(memoryBytes / MIB)} MiB, measured ${Math.round(peak / MIB)} MiB at the peak (${((memoryBytes / peak - 1) * 100).toFixed(1)} % over)\n`,
  );
  expect(memoryBytes).toBeGreaterThanOrEqual(peak);
  expect(memoryBytes).toBeLessThanOrEqual(peak * OVER_MAX);
});
