import { expect, test } from 'vitest';
import type { EvaluationTarget } from '../ports.ts';
import { choiceIn, NO_CHOICE } from './classify.ts';
import type { Row } from './dataset.ts';
import { planOf } from './plan.ts';
import type { RunSettings } from './settings.ts';

const row = (fields: Row['fields']): Row => ({ line: 7, fields });
const CHAT: EvaluationTarget = { task: 'chat', signature: undefined, revisions: [] };
const spec = (name: string, datatype: 'FP32' | 'BYTES' | 'INT64', shape: number[]) => ({ name, datatype, shape });
const tensor = (input: ReturnType<typeof spec>, ...outputs: ReturnType<typeof spec>[]): EvaluationTarget => ({
  task: 'tensor',
  signature: { inputs: [input], outputs },
  revisions: [],
});
const settings = (more: Partial<RunSettings>): RunSettings => ({ task: 'classification', seed: 0, ...more });
const bodyOf = (target: EvaluationTarget, more: Partial<RunSettings>, fields: Row['fields']) =>
  JSON.parse(Buffer.from(planOf('m', target, settings(more), [row(fields)]).request(row(fields)).body).toString()) as never;

test('a text means the choice that it is, or the one that it names first as a word of its own', () => {
  const choices = ['cat', 'dog', 'very good', 'very'];
  expect(['Cat.', ' "dog" ', 'It is a dog, not a cat', 'category', 'very good!', 'a concatenation', ''].map((text) => choiceIn(text, choices))).toEqual([
    'cat',
    'dog',
    'dog',
    NO_CHOICE,
    'very good',
    NO_CHOICE,
    NO_CHOICE,
  ]);
});

test('a prompt is the template with the fields as they are, at temperature 0 with the seed', () => {
  expect(bodyOf(CHAT, { task: 'generation', template: '{{ q }} ({{n}}) {q} $&', system: 'Be brief.', seed: 5, maxTokens: 9 }, { q: 'Why {{n}}?', n: 3, reference: '' })).toEqual({
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Why {{n}}? (3) {q} $&' },
    ],
    temperature: 0,
    seed: 5,
    max_tokens: 9,
  });
});

test('tensors are filled by the signature: columns, nested lists, text, or as they are', () => {
  const rows = tensor(spec('x', 'FP32', [-1, 2]));
  const inputs = (shape: number[], data: number[]) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape, data }] });
  expect(bodyOf(rows, {}, { a: '1.5', b: '-2', label: 'l', id: 'n/a' })).toEqual(inputs([1, 2], [1.5, -2]));
  expect(
    bodyOf(
      tensor(spec('x', 'FP32', [-1, 2, -1])),
      {},
      {
        input: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    ),
  ).toEqual(inputs([1, 2, 3], [1, 2, 3, 4, 5, 6]));
  expect(bodyOf(rows, {}, { inputs: [{ name: 'other' }] })).toEqual({ inputs: [{ name: 'other' }] });
  expect(() => bodyOf(rows, {}, { input: [1, 2, 3] })).toThrow('Line 7 of the dataset: it has 3 values; the input "x" takes [-1,2].');
  expect(() => bodyOf(rows, {}, { text: 'hello' })).toThrow('the input "x" takes FP32[-1,2], not text or bytes');
  expect(() => bodyOf(rows, {}, { a: 'high', label: 'l' })).toThrow('its field "a" must be a finite number, not "high"');
  expect(() => bodyOf(rows, { input: 'y' }, { a: 1 })).toThrow('The model has no input "y"; it has x.');
  const bytes = planOf('acme/m:3', tensor(spec('file', 'BYTES', [-1])), settings({}), []).request(row({ base64: Buffer.from([0, 255]).toString('base64') }));
  expect(bytes.path).toBe('/v2/models/acme%2Fm/versions/3/infer');
  expect([...bytes.body.subarray(Number(bytes.headers['inference-header-content-length']))]).toEqual([2, 0, 0, 0, 0, 255]);
});

test('a label comes of text, an index, or the largest score; what can not be read says why', () => {
  const read = (more: Partial<RunSettings>, ...outputs: { name: string; datatype: string; data: unknown[] }[]) =>
    planOf('m', tensor(spec('x', 'FP32', [-1]), ...outputs.map(({ name }) => spec(name, 'FP32', [-1]))), settings(more), []).read({ outputs });
  const scores = { name: 'p', datatype: 'FP32', data: [0.2, 0.5, 0.3] };
  expect(read({}, scores, { name: 'label', datatype: 'BYTES', data: ['cat'] })).toEqual({ label: 'cat' });
  expect(read({ output: 'p' }, scores, { name: 'label', datatype: 'BYTES', data: ['cat'] })).toEqual({ label: '1', scores: scores.data, classes: ['0', '1', '2'] });
  expect(read({ classes: ['a', 'b'] }, { name: 'label', datatype: 'INT64', data: [1] })).toEqual({ label: 'b' });
  expect(read({}, { name: 'logits', datatype: 'FP32', data: [-3, 4] })).toEqual({ label: '1' });
  expect(() => read({ classes: ['a', 'b'] }, scores)).toThrow('The output "p" has 3 scores; 2 classes were named.');
  expect(() => read({}, { name: 'p', datatype: 'FP32', data: [null, 1] })).toThrow('not finite numbers');
  expect(() => read({ task: 'regression' }, scores)).toThrow('The output "p" is not one finite number; it has 3 values.');
  expect(read({ task: 'regression' }, { name: 'y', datatype: 'FP32', data: [2.5] })).toEqual({ value: 2.5 });
});
