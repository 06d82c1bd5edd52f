import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectFiles, inspectHere } from './inspect.ts';
import { buildGguf, buildOnnx, buildSafetensors, gguf, LLAMA_KEYS } from './testing/build.ts';
import { buildTfjs, LINEAR_SHARD } from './testing/build-tfjs.ts';
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

/** Without a thread of its own, which takes longer than the reading. */
const here = async (contents: Readonly<Record<string, Uint8Array | string>>) => inspectHere(await files(contents));

test('X20: a TF.js folder is one model: its shards are those that model.json names, whatever they begin with', async () => {
  const shard = 'group1-shard1of1.bin';
  const likeZlib = Buffer.from(LINEAR_SHARD);
  likeZlib.set([0x78, 0x9c]);
  for (const bytes of [LINEAR_SHARD, likeZlib]) {
    expect(await here({ 'labels.txt': 'a\nb', [shard]: bytes, 'model.json': buildTfjs(), 'labels.json': '{}' })).toMatchObject({
      engine: 'tfjs',
      task: 'tensor',
      weightsPath: 'model.json',
      weights: { format: 'tfjs', parameters: 8 },
    });
  }
  expect(await here({ 'a.json': buildTfjs({ paths: ['1.bin', '2.bin'] }), '1.bin': LINEAR_SHARD.subarray(0, 30), '2.bin': LINEAR_SHARD.subarray(30) })).toMatchObject({
    engine: 'tfjs',
  });
  await expect(here({ 'model.json': buildTfjs() })).rejects.toThrow('is missing');
  await expect(here({ 'model.json': buildTfjs(), [shard]: LINEAR_SHARD.subarray(1) })).rejects.toThrow('have 31 bytes');
  await expect(here({ 'model.json': buildTfjs(), [shard]: LINEAR_SHARD, 'other.bin': Buffer.alloc(4) })).rejects.toThrow('neither weights nor text');
  await expect(here({ 'model.json': buildTfjs(), [shard]: LINEAR_SHARD, 'model.onnx': buildOnnx() })).rejects.toThrow('exactly one');
});

test('X20: a pickle, or a container of one, in the place of a shard is refused', async () => {
  for (const bytes of [Buffer.from('\x80\x04}q\x00.', 'latin1'), Buffer.from('cos\nsystem\n(S"id"\ntR.'), Buffer.from('PK\x03\x04', 'latin1'), Buffer.from('\x89HDF', 'latin1')]) {
    const weights = [{ name: 'w', dtype: 'bool', shape: [bytes.length] }];
    await expect(here({ 'model.json': buildTfjs({ weights, paths: ['w.bin'] }), 'w.bin': bytes })).rejects.toMatchObject({ code: 'unsupported_format' });
  }
  await expect(here({ 'model.h5': 'x', 'model.json': buildTfjs(), 'group1-shard1of1.bin': LINEAR_SHARD })).rejects.toMatchObject({ code: 'unsupported_format' });
});
