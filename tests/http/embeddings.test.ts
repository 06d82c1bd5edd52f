import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { usageOf } from './support.ts';

let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  await modelyard.deployEcho('vectors', { task: 'embedding' });
  await modelyard.deployEcho('chat');
  await modelyard.deployEcho('acme/vectors.v1', { task: 'embedding' });
});
afterAll(() => modelyard.stop());

interface Vectors {
  readonly object: string;
  readonly data: readonly { object: string; index: number; embedding: number[] | string }[];
  readonly usage: { prompt_tokens: number; total_tokens: number };
}
const post = (body: Record<string, unknown>) => modelyard.call('/v1/embeddings', { body: { model: 'vectors', ...body } });
const embed = async (body: Record<string, unknown>): Promise<Vectors> => (await post(body)).json() as Promise<Vectors>;

test('C45: base64 is the float form in little-endian float32', async () => {
  const floats = (await embed({ input: 'hello' })).data[0]?.embedding as number[];
  const bytes = Buffer.from((await embed({ input: 'hello', encoding_format: 'base64' })).data[0]?.embedding as string, 'base64');
  expect(bytes.length).toBe(floats.length * 4);
  expect(floats.map((_, i) => bytes.readFloatLE(i * 4))).toEqual(floats);
});

test('C46 C47 C49: formats, inputs and dimensions that are not accepted are refused by name', async () => {
  const bad: [Record<string, unknown>, string][] = [
    [{ input: 'x', encoding_format: 'int8' }, 'encoding_format'],
    [{ input: [] }, 'input'],
    [{ input: '' }, 'input'],
    [{ input: ['a', ''] }, 'input[1]'],
    [{ input: 'x', dimensions: 5 }, 'dimensions'],
    [{ input: 'x', dimensions: 0 }, 'dimensions'],
    [{}, 'input'],
  ];
  for (const [body, param] of bad) {
    const response = await post(body);
    expect(response.status, JSON.stringify(body)).toBe(400);
    expect(((await response.json()) as { error: { param: string } }).error.param).toBe(param);
  }
});

test('C47: token ids and lists of them are inputs', async () => {
  expect((await embed({ input: [1, 2, 3] })).data).toHaveLength(1);
  expect((await embed({ input: [[1, 2], [3]] })).data).toHaveLength(2);
});

test('C48 C49: indexes in order, equal inputs give equal vectors of norm 1, usage adds up', async () => {
  const { object, data, usage } = await embed({ input: ['same text', 'other', 'same text'], dimensions: 8 });
  expect(object).toBe('list');
  expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(data[0]?.embedding).toEqual(data[2]?.embedding);
  expect(data[0]?.embedding).not.toEqual(data[1]?.embedding);
  expect(Math.hypot(...(data[0]?.embedding as number[]))).toBeCloseTo(1, 5);
  expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
});

test('C43 C44: models are listed sorted, and found by name with a slash, encoded or not', async () => {
  const list = (await (await modelyard.call('/v1/models')).json()) as { object: string; data: { id: string; object: string; created: number; owned_by: string }[] };
  expect(list.object).toBe('list');
  expect(list.data.map(({ id }) => id)).toEqual(['acme/vectors.v1', 'chat', 'vectors']);
  for (const { object, created, owned_by: owner } of list.data) {
    expect(object).toBe('model');
    expect(Number.isInteger(created)).toBe(true);
    expect(owner).toMatch(/^(acme|platform)$/);
  }
  for (const path of ['/v1/models/acme/vectors.v1', '/v1/models/acme%2Fvectors.v1', '/v1/models/vectors']) {
    expect((await modelyard.call(path)).status, path).toBe(200);
  }
  for (const path of ['/v1/models/nobody', '/v1/models/acme%252Fvectors.v1', '/v1/models/ACME/vectors.v1', '/v1/models/%zz']) {
    expect((await modelyard.call(path)).status, path).toBe(404);
  }
});

test('an embedding call is metered, and its model serves no chat', async () => {
  const response = await modelyard.call('/v1/embeddings', { body: { model: 'acme/vectors.v1', input: 'one two three' } });
  expect(response.status).toBe(200);
  expect(await usageOf(modelyard, 'acme/vectors.v1', 1)).toMatchObject([{ operation: 'embedding', status: 'ok', promptTokens: 3, completionTokens: 0, estimated: false }]);
  expect((await modelyard.call('/v1/chat/completions', { body: chatBody('vectors', 'x') })).status).toBe(400);
  expect((await modelyard.call('/v1/embeddings', { body: { model: 'chat', input: 'x' } })).status).toBe(400);
});
