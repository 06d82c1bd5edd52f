import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';

let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
});
afterEach(() => modelyard.stop());

interface Made {
  readonly id: string;
  readonly digest: string;
  readonly examplesDigest: string;
  readonly metrics: Record<string, { value?: number; version: number; unit: string; interval?: { low: number; high: number } }>;
  readonly confusion?: { counts: number[][] };
  readonly signatures?: string[];
}
const evaluate = (examples: unknown, more: Record<string, unknown> = {}) => modelyard.call('/api/v1/evaluations', { body: { model: 'digits:1', examples, ...more } });
const made = async (examples: unknown, more?: Record<string, unknown>) => (await (await evaluate(examples, more)).json()) as Made;

const ACTUAL = ['cat', 'cat', 'dog', 'dog', 'bird', 'bird'];
const PREDICTED = ['cat', 'dog', 'dog', 'dog', 'bird', 'cat'];

test('Q2: a classification’s report has its metrics with versions, an interval, the confusion matrix, and can be fetched again', async () => {
  const report = await made({ task: 'classification', actual: ACTUAL, predicted: PREDICTED });
  expect(report.metrics['accuracy']?.value).toBeCloseTo(4 / 6, 12);
  expect(report.metrics['f1_micro']?.value).toBeCloseTo(4 / 6, 12);
  expect(report.metrics['f1_macro']?.value).toBeCloseTo((0.5 + 0.8 + 2 / 3) / 3, 12);
  expect(report.metrics['accuracy']).toMatchObject({ version: 1, unit: 'share' });
  expect(report.metrics['accuracy']?.interval?.low).toBeLessThan(4 / 6);
  expect(report.confusion?.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(6);
  expect(await (await modelyard.call(`/api/v1/evaluations/${report.id}`)).json()).toEqual(report);
  expect(((await (await modelyard.call('/api/v1/evaluations?model=digits:1')).json()) as { data: Made[] }).data).toHaveLength(1);
});

test('Q6: the same model, examples and seed give the same digest; another seed or answer does not', async () => {
  const examples = { task: 'generation', predictions: ['the cat sat', 'no'], references: [['the cat sat'], ['yes']] };
  const first = await made(examples, { seed: 7 });
  expect((await made(examples, { seed: 7 })).digest).toBe(first.digest);
  expect((await made(examples, { seed: 8 })).digest).not.toBe(first.digest);
  expect(first.metrics['exact_match']?.value).toBe(0.5);
  expect(first.signatures?.[0]).toContain('tok:13a');
});

test('Q2: the area under the curve of one class is not defined, and is left out, not 0.5', async () => {
  const scores = {
    classes: ['no', 'yes'],
    rows: [
      [0.9, 0.1],
      [0.6, 0.4],
    ],
  };
  const report = await made({ task: 'classification', actual: ['no', 'no'], predicted: ['no', 'no'], scores });
  expect(report.metrics['roc_auc']).toEqual({ version: 1, higherIsBetter: true, unit: 'area' });
  expect(report.metrics['log_loss']?.value).toBeGreaterThan(0);
});

test('S32: a metric of numbers so large that it is no number any more is left out', async () => {
  const response = await evaluate({ task: 'regression', actual: [1e199, 0, 1], predicted: [0, 1e-108, 2] });
  const { metrics } = (await response.json()) as Made;
  expect(response.status).toBe(201);
  expect(metrics['max_error']?.value).toBe(1e199);
  for (const name of ['mean_squared_error', 'r2']) expect(metrics[name]).not.toHaveProperty('value');
});

test('two versions on the same examples are compared pair by pair; on others they are refused', async () => {
  const [first, second] = [await made({ task: 'classification', actual: ACTUAL, predicted: ACTUAL }), await made({ task: 'classification', actual: ACTUAL, predicted: PREDICTED })];
  expect(await (await modelyard.call(`/api/v1/evaluations/${first.id}/compare?with=${second.id}`)).json()).toMatchObject({
    test: 'mcnemar',
    pairs: 6,
    onlyFirst: 2,
    onlySecond: 0,
    p: 0.5,
  });
  const other = await made({ task: 'classification', actual: PREDICTED, predicted: PREDICTED });
  expect((await modelyard.call(`/api/v1/evaluations/${first.id}/compare?with=${other.id}`)).status).toBe(400);
});

test('columns that do not fit are refused with what and where; another organisation sees nothing', async () => {
  const refused = await evaluate({ task: 'regression', actual: [1, 2, 3], predicted: [1, 2] });
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as { error: { message: string } }).error.message).toMatch(/3.*2|2.*3/);
  const { id } = await made({ task: 'regression', actual: [1, 2, 3], predicted: [1, 2, 4] });
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', scopes: ['models.read'] });
  expect((await modelyard.call(`/api/v1/evaluations/${id}`, { key })).status).toBe(404);
});
