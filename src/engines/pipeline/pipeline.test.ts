import sharp from 'sharp';
import { expect, test } from 'vitest';
import { Fault } from '../../contract/errors.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { bytesElements, packBytes } from '../../contract/tensor-shape.ts';
import { createPipeline, ELEMENTS_MAX } from './index.ts';

type Declared = NonNullable<Manifest['pipeline']>;
type Step = Declared['pre'][number] & Record<string, unknown>;

const floats = ({ data }: Tensor) => Array.from(new Float32Array(new Uint8Array(data).buffer), (value) => Math.round(value * 1000) / 1000);
const texts = ({ data }: Tensor) => Array.from(bytesElements(data), (element) => Buffer.from(element).toString());
const fp32 = (name: string, shape: readonly number[], values: readonly number[]): Tensor => ({
  name,
  datatype: 'FP32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const input = (...elements: readonly Uint8Array[]): readonly Tensor[] => [{ name: 'in', datatype: 'BYTES', shape: [elements.length], data: packBytes(elements) }];

function declare(pre: readonly Step[], post: readonly Step[] = [], outputs: readonly string[] = ['x']): Declared {
  return {
    inputs: [{ name: 'in', datatype: 'BYTES', shape: [-1] }],
    outputs: outputs.map((name) => ({ name, datatype: 'FP32', shape: [-1] })),
    pre: [...pre],
    post: [...post],
  };
}

/** What the model would be given. */
async function prepared(pre: readonly Step[], ...elements: readonly Uint8Array[]): Promise<Tensor> {
  const [tensor] = await createPipeline(declare(pre), new Map()).run(input(...elements), [], async (inputs) => inputs);
  return tensor!;
}

/** What a caller gets when the model answers `outputs`. */
async function answered(post: readonly Step[], outputs: readonly Tensor[], metadata = new Map<string, string>()): Promise<readonly Tensor[]> {
  const pre = [{ op: 'bytesWindow', output: 'x', begin: 1, end: 0, block: 1, padding: 0 }];
  return createPipeline(declare(pre, post, ['text', 'score']), metadata).run(input(Buffer.from('a')), [], async () => outputs);
}

/** 2 × 2: red, green over blue, white. */
const picture = () =>
  sharp(Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]), { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer();

test('S24: a picture becomes the planes that the model was trained on', async () => {
  const steps: Step[] = [
    { op: 'decodeImage', channels: 'BGR' },
    { op: 'normalise', scale: 1 / 255, mean: [0.5], std: [0.5] },
    { op: 'padWidth', width: 3 },
    { op: 'layout', to: 'NCHW', output: 'x' },
  ];
  const tensor = await prepared(steps, await picture());
  expect(tensor).toMatchObject({ name: 'x', datatype: 'FP32', shape: [1, 3, 2, 3] });
  expect(floats(tensor)).toEqual([-1, -1, 0, 1, 1, 0, /* green */ -1, 1, 0, -1, 1, 0, /* red */ 1, -1, 0, -1, 1, 0]);
});

test('S24: resizing is bilinear between pixel centres, keeps the ratio, and stops at widthMax', async () => {
  const grey = await sharp(Buffer.from([0, 100]), { raw: { width: 2, height: 1, channels: 1 } })
    .png()
    .toBuffer();
  const resized = await prepared([{ op: 'decodeImage' }, { op: 'resize', height: 2, widthMax: 10 }, { op: 'layout', to: 'NHWC', output: 'x' }], grey);
  expect(resized.shape).toEqual([1, 2, 4, 3]);
  expect(floats(resized).filter((_, index) => index % 3 === 0)).toEqual([0, 25, 75, 100, 0, 25, 75, 100]);
  const narrow = await prepared([{ op: 'decodeImage' }, { op: 'resize', height: 2, widthMax: 3 }, { op: 'layout', to: 'NHWC', output: 'x' }], grey);
  expect(narrow.shape).toEqual([1, 2, 3, 3]);
});

test('S24: pictures of one call share a tensor, the narrower padded', async () => {
  const one = await sharp(Buffer.from([9, 9, 9]), { raw: { width: 1, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const two = await sharp(Buffer.from([1, 2, 3, 4, 5, 6]), { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  expect(floats(await prepared([{ op: 'decodeImage' }, { op: 'layout', to: 'NCHW', output: 'x', value: -1 }], one, two))).toEqual([9, -1, 9, -1, 9, -1, 1, 4, 2, 5, 3, 6]);
});

test('S24: what is no picture, too large a picture, a program of a picture and too many pictures are refused', async () => {
  const steps: Step[] = [
    { op: 'decodeImage', pixelsMax: 3 },
    { op: 'layout', to: 'NCHW', output: 'x' },
  ];
  const good = await picture();
  await expect(prepared(steps, good)).rejects.toMatchObject({ kind: 'invalid_argument', code: 'image_too_large' });
  for (const bytes of [Buffer.from('nothing'), Buffer.alloc(0), good.subarray(0, 40), Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')]) {
    await expect(prepared(steps, bytes)).rejects.toBeInstanceOf(Fault);
  }
  const window: Step[] = [{ op: 'bytesWindow', output: 'x', begin: 1, end: 0, block: 1, padding: 0 }];
  await expect(prepared(window, ...Array.from({ length: ELEMENTS_MAX + 1 }, () => Buffer.from('a')))).rejects.toThrow(`${ELEMENTS_MAX}`);
  await expect(prepared(window)).rejects.toThrow('empty');
});

test('S24: a file’s window is its first and last bytes without outer white space, padded as magika pads', async () => {
  const steps: Step[] = [{ op: 'bytesWindow', output: 'x', begin: 3, end: 3, block: 6, padding: 256, bytesMin: 2 }];
  const ints = async (text: string) => Array.from(new Int32Array(new Uint8Array((await prepared(steps, Buffer.from(text))).data).buffer));
  const codes = (text: string) => Array.from(Buffer.from(text));
  expect(await ints('abcdefghij')).toEqual(codes('abchij'));
  expect(await ints('  ab')).toEqual([...codes('ab'), 256, ...codes(' ab')]);
  expect(await ints('ab \n')).toEqual([...codes('ab '), 256, ...codes('ab')]);
  await expect(ints('    a')).rejects.toThrow('too few');
});

const CTC: Step = { op: 'ctcDecode', input: 'p', labels: { metadata: 'character' }, appendSpace: true, text: 'text', score: 'score' };

test('S24: CTC drops repeats and blanks; labels come from the metadata, a space at their end', async () => {
  const best = (label: number, value: number) => [0, 1, 2, 3].map((index) => (index === label ? value : 0));
  const values = [...best(1, 0.9), ...best(1, 0.1), ...best(0, 1), ...best(1, 0.7), ...best(3, 0.8), ...best(2, 0.6)];
  const blanks = Array.from({ length: 6 }, () => best(0, 1)).flat();
  const [text, score] = await answered([CTC], [fp32('p', [2, 6, 4], [...values, ...blanks])], new Map([['character', 'é\r\nb\n']]));
  expect(texts(text!)).toEqual(['éé b', '']);
  expect(floats(score!)).toEqual([0.75, 0]);
});

test('S24: the likeliest label of each row', async () => {
  const step: Step = { op: 'topLabel', input: 'p', labels: ['cat', 'dog'], label: 'text', score: 'score' };
  const [label, score] = await answered([step], [fp32('p', [2, 2], [0.25, 0.75, 0.5, 0.125])]);
  expect(texts(label!)).toEqual(['dog', 'cat']);
  expect(floats(score!)).toEqual([0.75, 0.5]);
  await expect(answered([{ ...step, labels: ['cat'] }], [fp32('p', [1, 2], [0, 1])])).rejects.toThrow('1 labels');
});

test('S24: a declaration with an unknown step, a step out of place or a bad option is refused when it is built', () => {
  const build =
    (pre: readonly Step[], post: readonly Step[] = []) =>
    () =>
      createPipeline(declare(pre, post), new Map());
  const layout: Step = { op: 'layout', to: 'NCHW', output: 'x' };
  expect(build([{ op: 'eval' }, layout])).toThrow("'eval' is unknown");
  expect(build([{ op: 'toString' }, layout])).toThrow('unknown');
  expect(build([{ op: 'decodeImage' }])).toThrow('end of pre');
  expect(build([])).toThrow('needs a step');
  expect(build([{ op: 'resize', height: 0 }, layout])).toThrow('height');
  expect(build([{ op: 'normalise', std: [0] }, layout])).toThrow('std');
  expect(build([{ op: 'decodeImage', channels: 'CMYK' }, layout])).toThrow('RGB, BGR');
  expect(build([layout], [CTC])).toThrow("no metadata 'character'");
});
