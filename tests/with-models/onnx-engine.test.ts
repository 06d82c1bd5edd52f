import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import type { EngineSpec } from '../../src/contract/engine-wire.ts';
import type { Manifest } from '../../src/contract/manifest.ts';
import type { Tensor } from '../../src/contract/tensor.ts';
import { bytesElements, packBytes } from '../../src/contract/tensor-shape.ts';
import { magikaPipeline } from '../../src/control-plane/registry/starters/magika.ts';
import { ppocrPipeline } from '../../src/control-plane/registry/starters/ppocr-v4-rec.ts';
import type { TensorEngine } from '../../src/engines/engine.ts';
import { createOnnxEngine } from '../../src/engines/onnx/index.ts';
import { inspectFiles } from '../../src/model-files/inspect.ts';
import { starterFile } from './starters.ts';

let engine: TensorEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

async function start(path: string, pipeline?: Manifest['pipeline']): Promise<TensorEngine> {
  const { weights } = await inspectFiles([{ path: 'model.onnx', absolutePath: path }]);
  const bytes = await readFile(path);
  const spec: EngineSpec = {
    kind: 'onnx',
    files: { 'model.onnx': path },
    listen: { socket: '/unused' },
    threads: 1,
    manifest: {
      schema: 'modelyard.manifest/1',
      task: 'tensor',
      engine: 'onnx',
      weights,
      engineOptions: {},
      licence: 'apache-2.0',
      origin: '',
      card: '',
      ...(pipeline && { pipeline }),
      files: [{ path: 'model.onnx', digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length }],
    },
  };
  engine = await createOnnxEngine(spec);
  await engine.warmUp();
  return engine;
}

async function infer(started: TensorEngine, elements: readonly Uint8Array[]): Promise<readonly { readonly text: string; readonly score: number }[]> {
  const input: Tensor = { name: started.signature.inputs[0]!.name, datatype: 'BYTES', shape: [elements.length], data: packBytes(elements) };
  const [texts, scores] = await started.infer([input], [], new AbortController().signal);
  const values = new Float32Array(new Uint8Array(scores!.data).buffer);
  return Array.from(bytesElements(texts!.data), (element, index) => ({ text: Buffer.from(element).toString().trim(), score: values[index]! }));
}

/** Pictures of one line of text each; drawn beforehand, so that no font is needed here. */
function picture(name: string): Promise<Buffer> {
  return readFile(`${import.meta.dirname}/../fixtures/${name}.png`);
}

test('S24: PP-OCR reads rendered lines back, alone and in a batch of different widths', async () => {
  const ocr = await start(await starterFile('ppocr-v4-rec'), ppocrPipeline);
  const pictures = [await picture('line'), await picture('long-line')];
  expect(await infer(ocr, pictures.slice(0, 1))).toEqual([{ text: 'HELLO 12345', score: expect.closeTo(1, 0) as number }]);
  const both = await infer(ocr, pictures);
  expect(both.map(({ text }) => text)).toEqual(['HELLO 12345', 'Modelyard reads text lines']);
  for (const { score } of both) expect(score).toBeGreaterThan(0.8);
  await expect(infer(ocr, [Buffer.from('no picture')])).rejects.toMatchObject({ kind: 'invalid_argument' });
});

test('S24: magika tells what files are', async () => {
  const magika = await start(await starterFile('magika-v3.3'), magikaPipeline);
  const folder = `${import.meta.dirname}/../..`;
  const files = [await readFile(`${folder}/src/contract/errors.ts`), await readFile(`${folder}/package.json`), await picture('line')];
  const results = await infer(magika, files);
  expect(results.map(({ text }) => text)).toEqual(['typescript', 'json', 'png']);
  for (const { score } of results) expect(score).toBeGreaterThan(0.9);
});

test('C77: a model without a pipeline takes its own tensors', async () => {
  const magika = await start(await starterFile('magika-v3.3'));
  expect(magika.signature).toEqual({ inputs: [{ name: 'bytes', datatype: 'INT32', shape: [-1, 2048] }], outputs: [{ name: 'target_label', datatype: 'FP32', shape: [-1, 214] }] });
  const input: Tensor = { name: 'bytes', datatype: 'INT32', shape: [2, 2048], data: new Uint8Array(new Int32Array(4096).fill(256).buffer) };
  const [output] = await magika.infer([input], ['target_label'], new AbortController().signal);
  const values = new Float32Array(new Uint8Array(output!.data).buffer);
  expect(output!.shape).toEqual([2, 214]);
  expect(values.subarray(0, 214).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 3);
});
