import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectFiles } from './inspect.ts';
import { buildGguf, buildOnnx, buildSafetensors, gguf, LLAMA_KEYS } from './testing/build.ts';
import { readWeights } from './weights.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function files(contents: Readonly<Record<string, Uint8Array | string>>) {
  return Promise.all(
    Object.entries(contents).map(async ([path, bytes], index) => {
      const absolutePath = join(folder, `blob${index}`);
      await writeFile(absolutePath, bytes);
      return { path, absolutePath };
    }),
  );
}
const inspect = async (contents: Readonly<Record<string, Uint8Array | string>>) => inspectFiles(await files(contents));

test('X20: engine and task follow from the bytes, not from names', async () => {
  expect(await inspect({ 'a.bin': buildGguf(), 'README.md': 'words' })).toMatchObject({ engine: 'llama', task: 'chat', weightsPath: 'a.bin' });
  expect(await inspect({ 'a.bin': buildGguf({ keys: [...LLAMA_KEYS, gguf.u32('llama.pooling_type', 1)] }) })).toMatchObject({ engine: 'llama', task: 'embedding' });
  expect(await inspect({ 'a.bin': buildGguf({ keys: [gguf.string('general.architecture', 'bert')] }) })).toMatchObject({ engine: 'llama', task: 'embedding' });
  expect(await inspect({ 'model.gguf': buildOnnx() })).toMatchObject({ engine: 'onnx', task: 'tensor', weights: { format: 'onnx' } });
});

test('X20: code by name or by bytes, other binaries, two weights or none are refused', async () => {
  await expect(inspect({ 'model.pkl': buildOnnx() })).rejects.toMatchObject({ code: 'unsupported_format' });
  await expect(inspect({ 'model.onnx': buildOnnx(), 'labels.txt': Buffer.from('\x80\x04.', 'latin1') })).rejects.toMatchObject({ code: 'unsupported_format' });
  await expect(inspect({ 'model.onnx': buildOnnx(), blob: Buffer.from('a\0b') })).rejects.toMatchObject({ code: 'unsupported_format' });
  await expect(inspect({ 'a.onnx': buildOnnx(), 'b.onnx': buildOnnx() })).rejects.toThrow('exactly one');
  await expect(inspect({ 'a.txt': 'only words' })).rejects.toMatchObject({ code: 'unsupported_format' });
  await expect(inspect({ 'a.safetensors': buildSafetensors() })).rejects.toThrow('Convert it');
  await expect(readWeights(folder)).rejects.toMatchObject({ code: 'not_a_file' });
});
