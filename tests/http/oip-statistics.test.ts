import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Harness, chatBody, startHarness } from '../harness.ts';
import { openMarket } from '../market.ts';
import { usageOf } from './support.ts';

interface Tally {
  readonly count: number;
  readonly ns: number;
}
interface Statistics {
  readonly name: string;
  readonly version: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output' | 'cache_hit', Tally>>;
  readonly batch_stats: readonly { readonly batch_size: number; readonly compute_infer: Tally }[];
}

const SIGNATURE = {
  inputs: [{ name: 'x', datatype: 'FP32' as const, shape: [-1, 2] }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1, 2] }],
};
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  for (const name of ['lab', 'acme']) await modelyard.call('/api/v1/orgs', { body: { name } });
});
afterAll(() => modelyard.stop());

const infer = (model: string, rows: number, key?: string) =>
  modelyard.call(`/v2/models/${model}/infer`, {
    body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 2], data: Array.from({ length: rows * 2 }, () => 1) }] },
    ...(key !== undefined && { key }),
  });

async function statistics(path: string, key?: string): Promise<readonly Statistics[]> {
  const response = await modelyard.call(path, key === undefined ? {} : { key });
  expect(response.status).toBe(200);
  return ((await response.json()) as { model_stats: readonly Statistics[] }).model_stats;
}
const only = async (model: string): Promise<Statistics> => {
  const [one, ...others] = await statistics(`/v2/models/${model}/stats`);
  expect(others).toEqual([]);
  return one as Statistics;
};

describe('C83', () => {
  test('after k calls of batch b inference_count has grown by k·b and success.count by k; all else that is counted adds up', async () => {
    await modelyard.deployEcho('counted', { task: 'tensor', signature: SIGNATURE });
    const none = await only('counted');
    expect(none).toMatchObject({ name: 'counted', version: '1', last_inference: 0, inference_count: 0, execution_count: 0, batch_stats: [] });
    const startedAt = Date.now();
    for (const rows of [1, 3, 3, 5]) expect((await infer('counted', rows)).status).toBe(200);
    const seen = await only('counted');
    expect(seen).toMatchObject({ inference_count: 12, execution_count: 4 });
    const { success, fail, queue, compute_infer: compute, compute_input: input } = seen.inference_stats;
    expect([success.count, fail.count, queue.count, compute.count, input]).toEqual([4, 0, 4, 4, { count: 0, ns: 0 }]);
    // Nanoseconds: a call takes no less than what is measured of it.
    expect(compute.ns).toBeGreaterThan(1_000);
    expect(success.ns).toBeGreaterThanOrEqual(compute.ns + queue.ns);
    expect(seen.last_inference).toBeGreaterThanOrEqual(startedAt);
    expect(seen.last_inference).toBeLessThanOrEqual(Date.now());
    expect(seen.batch_stats.map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count])).toEqual([
      [1, 1],
      [3, 2],
      [5, 1],
    ]);
  });

  test('a failed call bumps fail only, one that was refused before an engine nothing, and nothing ever goes back', async () => {
    await modelyard.deployEcho('failing');
    const call = (content: string) => modelyard.call('/v1/chat/completions', { body: chatBody('failing', content) });
    expect((await call('fine')).status).toBe(200);
    const before = await only('failing');
    expect((await call('[[error:500]]')).status).toBe(502);
    expect((await modelyard.call('/v1/chat/completions', { body: { model: 'failing', messages: 'x' } })).status).toBe(400);
    await usageOf(modelyard, 'failing', 2);
    const after = await only('failing');
    expect(after.inference_stats.fail.count).toBe(1);
    expect(after.inference_stats.fail.ns).toBeGreaterThan(0);
    const { fail: _failed, ...others } = after.inference_stats;
    expect({ ...after, inference_stats: { ...others, fail: before.inference_stats.fail } }).toEqual(before);
  });

  test('calls that were joined are one execution, by the rows that went together', async () => {
    await modelyard.deployEcho('joined', { task: 'tensor', signature: SIGNATURE, maxBatchSize: 8, slots: 1, delayMs: 30 });
    await Promise.all([1, 2, 1, 2, 1].map((rows) => infer('joined', rows)));
    const seen = await only('joined');
    expect([seen.inference_count, seen.inference_stats.success.count]).toEqual([7, 5]);
    expect(seen.execution_count).toBeLessThan(5);
    expect(seen.batch_stats.reduce((sum, { batch_size, compute_infer }) => sum + batch_size * compute_infer.count, 0)).toBe(7);
    expect(seen.batch_stats.reduce((sum, { compute_infer }) => sum + compute_infer.count, 0)).toBe(seen.execution_count);
  });

  test('by version, and for all models; a model of no such version is a 404', async () => {
    expect(await statistics('/v2/models/counted/versions/1/stats')).toHaveLength(1);
    expect((await modelyard.call('/v2/models/counted/versions/9/stats')).status).toBe(404);
    expect((await modelyard.call('/v2/models/nobody/stats')).status).toBe(404);
    expect((await modelyard.call('/v2/models/counted/stats', { method: 'POST' })).status).toBe(405);
    expect((await statistics('/v2/models/stats')).map(({ name }) => name)).toEqual(expect.arrayContaining(['counted', 'failing', 'joined']));
  });

  test('X8: a consumer that may call a model learns nothing of what others call; its publisher does', async () => {
    await modelyard.deployEcho('lab/sold', { task: 'tensor', signature: SIGNATURE });
    const { publisher, consumer } = await openMarket(modelyard, 'sold', { quota: { unit: 'requests', amount: 10, period: 'day' } });
    expect((await infer('lab/sold', 2, consumer)).status).toBe(200);
    const [own] = await statistics('/v2/models/lab/sold/stats', publisher);
    expect(own).toMatchObject({ name: 'lab/sold', inference_count: 2 });
    expect(await statistics('/v2/models/stats', publisher)).toHaveLength(1);
    const refused = await modelyard.call('/v2/models/lab/sold/stats', { key: consumer });
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringMatching(/^\{"error":"What calls/) as string]);
    expect((await modelyard.call('/v2/models/counted/stats', { key: consumer })).status).toBe(404);
    expect(await statistics('/v2/models/stats', consumer)).toEqual([]);
    expect((await modelyard.call('/v2/models/stats', { key: null })).status).toBe(401);
  });

  test('a model that is named stats, or whose last part is one of our words, keeps its own addresses', async () => {
    await modelyard.deployEcho('stats', { task: 'tensor', signature: SIGNATURE });
    await modelyard.deployEcho('acme/stats', { task: 'tensor', signature: SIGNATURE });
    await modelyard.deployEcho('acme/config', { task: 'tensor', signature: SIGNATURE });
    const named = async (path: string) => ((await (await modelyard.call(path)).json()) as { name: string }).name;
    expect(await named('/v2/models/stats/versions/1')).toBe('stats');
    expect(await only('stats')).toMatchObject({ name: 'stats' });
    expect((await infer('stats', 1)).status).toBe(200);
    expect(await statistics('/v2/models/stats')).not.toHaveLength(0);
    expect(await named('/v2/models/acme/stats')).toBe('acme/stats');
    expect(await named('/v2/models/acme%2Fstats')).toBe('acme/stats');
    expect(await named('/v2/models/acme/config')).toBe('acme/config');
    expect(await only('acme/stats')).toMatchObject({ name: 'acme/stats' });
  });
});

describe('model configuration', () => {
  test('is what Triton would say of it: types by its names, no batch dimension where there is a largest batch', async () => {
    const config = async (name: string): Promise<unknown> => (await modelyard.call(`/v2/models/${name}/config`)).json();
    expect(await config('counted')).toEqual({
      name: 'counted',
      platform: 'modelyard_echo',
      backend: 'echo',
      max_batch_size: 0,
      input: [{ name: 'x', data_type: 'TYPE_FP32', dims: [-1, 2] }],
      output: [{ name: 'y', data_type: 'TYPE_FP32', dims: [-1, 2] }],
    });
    expect(await config('joined')).toMatchObject({ max_batch_size: 8, input: [{ dims: [2] }], dynamic_batching: {} });
    expect(await config('failing')).toMatchObject({ input: [], output: [] });
    expect((await modelyard.call('/v2/models/nobody/config')).status).toBe(404);
  });
});

describe('C88', () => {
  test('the server is named, and says what it has; as Triton only where the operator wants it', async () => {
    const metadata = async (server: Harness) => (await (await server.call('/v2')).json()) as { name: string; extensions: string[] };
    const unknown = async (server: Harness) =>
      Promise.all(['/v2/models/nope', '/v2/models/nope/config'].map(async (path) => (await (await server.call(path)).json()) as { error: string }));
    expect(await metadata(modelyard)).toMatchObject({ name: 'modelyard', extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'] });
    for (const { error } of await unknown(modelyard)) expect(error).toMatch(/^The model "nope" does not exist/);
    await using other = await startHarness({ config: { asTriton: true } });
    expect(await metadata(other)).toMatchObject({ name: 'triton' });
    for (const { error } of await unknown(other)) expect(error).toMatch(/^Request for unknown model: The model "nope"/);
    const inferred = await other.call('/v2/models/nope/infer', { body: { inputs: [] } });
    expect([inferred.status, await inferred.text()]).toEqual([404, expect.stringContaining('Request for unknown model') as string]);
    const chat = await other.call('/v1/chat/completions', { body: chatBody('nope', 'x') });
    expect(await chat.text()).not.toContain('Request for');
  });
});
