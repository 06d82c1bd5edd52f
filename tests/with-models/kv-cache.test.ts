import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLlama, type Llama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { contextOptions } from '../../src/engines/llama/load.ts';
import { inspectFiles } from '../../src/model-files/inspect.ts';
import { type CachePart, cacheParts } from '../../src/model-files/kv-cache.ts';
import { starterFile } from './starters.ts';
import { type TinyModel, tinyDeepseek, tinyGemma, tinyLlama, tinyMamba, writeTiny } from './tiny-gguf.ts';

/** llama.cpp prints two decimals of a MiB. */
const MIB = 1_048_576;
const PRINTED = 0.005 + 1e-9;

let folder: string;
let llama: Llama;
let lines: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'my-cache-'));
  // One for all tests: a second one of the same process has no log.
  llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.info,
    logger: (_, message) => void lines.push(...message.split('\n')),
  });
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true, force: true });
});

test.each(['smollm2-135m-instruct', 'all-minilm-l6-v2'] as const)('Q7: the weights of %s are as many bytes as the engine’s log says', async (name) => {
  const path = await starterFile(name);
  const { weights } = await inspectFiles([{ path: 'model.gguf', absolutePath: path }]);
  lines = [];
  const model = await llama.loadModel({ modelPath: path });
  const size = await vi.waitFor(() => /file size\s*=\s*([\d.]+) MiB/.exec(lines.join('\n'))?.[1] ?? expect.fail('not logged yet'), 5_000);
  await model.dispose();
  process.stdout.write(`${name}: ${(weights.tensorBytes / MIB).toFixed(3)} MiB; logged ${size}\n`);
  expect(Math.abs(Number(size) - weights.tensorBytes / MIB)).toBeLessThan(PRINTED);
});

interface Logged {
  readonly what: 'cache' | 'state';
  readonly mib: number;
  readonly cells: number;
  readonly layers: number;
}

/** Loads the model as the engine does, and reads what llama.cpp says of its caches: `size = 4.00 MiB (512 cells, 2 layers, 8/8 seqs), K (f16): …`. */
async function engineLog(path: string, slots: number, contextTokens: number): Promise<readonly Logged[]> {
  lines = [];
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ ...contextOptions({ slots, contextTokens }), threads: 1 });
  // The log comes over from llama.cpp's thread; this is what it says last of a context.
  await vi.waitFor(() => expect(lines.some((line) => line.includes('compute buffer size'))).toBe(true), 5_000);
  await context.dispose();
  await model.dispose();
  return lines.flatMap((line) => {
    const found = /size\s*=\s*([\d.]+) MiB \(\s*(\d+) cells,\s*(\d+) layers.*?([KR]) \(/.exec(line);
    return found ? [{ what: found[4] === 'R' ? 'state' : 'cache', mib: Number(found[1]), cells: Number(found[2]), layers: Number(found[3]) } as const] : [];
  });
}

const LLAMA = { layers: 3, heads: 4, headLength: 32 };
const models: readonly (readonly [name: string, kind: string, model: TinyModel])[] = [
  ['MHA', 'MHA', tinyLlama({ ...LLAMA, keyValueHeads: 4 })],
  ['GQA', 'GQA', tinyLlama({ ...LLAMA, keyValueHeads: 2 })],
  ['MQA', 'MQA', tinyLlama({ ...LLAMA, keyValueHeads: 1 })],
  ['GQA with a window as in Gemma 2', 'GQA', tinyGemma('gemma2', 256, { layers: 5, heads: 4, keyValueHeads: 2, headLength: 32 })],
  ['MQA with a window as in Gemma 3', 'MQA', tinyGemma('gemma3', 512, { layers: 7, heads: 4, keyValueHeads: 1, headLength: 64 })],
  ['MLA as in DeepSeek-V2', 'MLA', tinyDeepseek({ layers: 2, heads: 4, rank: 48, rope: 16, plain: 32, value: 24 })],
  ['no attention as in Mamba', 'none', tinyMamba(3, 16, 4)],
];
const shapes = [
  [1, 300],
  [8, 2_048],
  [3, 1_000],
] as const;

test.each(models)('Q7: the key-value cache is what the engine’s log says: %s', async (name, kind, model) => {
  const path = join(folder, `${name.replaceAll(/\W/g, '-')}.gguf`);
  await writeTiny(path, model);
  const { weights } = await inspectFiles([{ path: 'model.gguf', absolutePath: path }]);
  expect(weights.cache?.attention).toBe(kind);
  for (const [slots, contextTokens] of shapes) {
    const parts = cacheParts(weights, { slots, contextTokens });
    const logged = await engineLog(path, slots, contextTokens);
    process.stdout.write(
      `${name}, ${slots} × ${contextTokens}: ${parts.map((part) => `${(part.bytes / MIB).toFixed(3)} MiB`).join(' + ')}; logged ${logged.map(({ mib }) => mib).join(' + ')}\n`,
    );
    expect(logged).toHaveLength(parts.length);
    for (const [index, part] of parts.entries()) expectSame(part, logged[index], slots);
  }
});

function expectSame({ what, layers, cells, bytes }: CachePart, logged: Logged | undefined, slots: number): void {
  expect(Math.abs((logged?.mib ?? 0) - bytes / MIB)).toBeLessThan(PRINTED);
  expect(logged).toMatchObject(what === 'state' ? { what: 'state', cells: slots } : { what: 'cache', cells, layers });
}
