import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { pause, slowCall, whileAdvancing } from './support.ts';

let clock: FakeClock;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock });
  for (const name of ['one', 'two']) await whileAdvancing(clock, modelyard.deployEcho(name));
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

interface Slo {
  readonly deployment: string;
  readonly calls: number;
  readonly budgetLeft: { readonly availability: number; readonly latency?: number };
  readonly burnRates: readonly { readonly windows: string; readonly long: number; readonly short: number; readonly rate: number }[];
}
const PATH = '/api/v1/deployments/one/slo';
const put = (body: unknown, key?: string) => modelyard.call(PATH, { method: 'PUT', body, ...(key !== undefined && { key }) });
const get = async () => (await (await modelyard.call(PATH)).json()) as Slo;
const chat = (content: string) => whileAdvancing(clock, modelyard.call('/v1/chat/completions', { body: chatBody('one', content) }), 1);
const rateOf = ({ burnRates }: Slo) => burnRates.map(({ windows, rate }) => `${windows} ${Number(rate.toFixed(3))}`);

async function minutes(count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await clock.advance(60_000 - (clock.now() % 60_000) + 10);
    await pause(15);
  }
}

test('failures spend the error budget and burn; an alert on the burn rate fires and ends with the trouble', async () => {
  expect((await put({ availability: 0.9 })).status).toBe(200);
  await modelyard.call('/api/v1/alerts/rules', {
    body: { name: 'burning', metric: 'burn_rate', burnWindows: '1h/5m', comparison: 'above', threshold: 2, forSeconds: 0, severity: 'critical' },
  });
  for (const text of ['a', '[[error:500]]', 'b', '[[error:400]]']) await chat(text);
  await minutes(1);
  expect(await get()).toMatchObject({ deployment: 'one', calls: 4 });
  expect(rateOf(await get())).toEqual(['1h/5m 2.5', '6h/30m 2.5']);
  expect((await get()).budgetLeft.availability).toBeCloseTo(-1.5, 9);
  await minutes(1);
  const firing = async () => ((await (await modelyard.call('/api/v1/alerts?state=firing')).json()) as { data: { deployment: string; reason: string }[] }).data;
  expect(await firing()).toMatchObject([{ deployment: 'one', reason: 'burn_rate of 1h/5m is 2.5, above 2' }]);
  await minutes(6);
  expect(rateOf(await get())).toEqual(['1h/5m 0', '6h/30m 2.5']);
  expect(await firing()).toEqual([]);
});

test('a latency objective counts slow calls, also those of before it was set; what is set survives', async () => {
  await slowCall(clock, modelyard, 'one', 600);
  await chat('b');
  await minutes(1);
  const made = (await (await put({ availability: 0.99, latency: { ms: 500, share: 0.75 }, windowDays: 7 })).json()) as Slo;
  expect(made).toMatchObject({ calls: 2, budgetLeft: { availability: 1, latency: expect.closeTo(-1, 6) as number }, latency: { ms: 500, share: 0.75 }, windowDays: 7 });
  expect(rateOf(made)).toEqual(['1h/5m 2', '6h/30m 2']);
  const { data } = (await (await modelyard.call('/api/v1/slos')).json()) as { data: Slo[] };
  expect(data).toEqual([await get()]);
});

test('X8: an objective is its organisation’s own; bad ones are refused, and one that is not there is a 404', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', role: 'publisher' });
  const { key: consumer } = await modelyard.makeKey({ name: 'reads', role: 'consumer' });
  expect((await modelyard.call(PATH)).status).toBe(404);
  expect((await modelyard.call(PATH, { method: 'DELETE' })).status).toBe(404);
  expect((await put({ availability: 0.9 }, key)).status).toBe(404);
  expect((await put({ availability: 0.9 }, consumer)).status).toBe(403);
  for (const bad of [{}, { availability: 1 }, { availability: 0 }, { availability: 0.9, latency: { ms: 5 } }, { availability: 0.9, orgId: 'x' }]) {
    expect((await put(bad)).status, JSON.stringify(bad)).toBe(400);
  }
  await put({ availability: 0.9 });
  expect((await modelyard.call(PATH, { key })).status).toBe(404);
  expect(await (await modelyard.call('/api/v1/slos', { key })).json()).toEqual({ data: [] });
  expect((await modelyard.call(PATH, { key: consumer })).status).toBe(200);
  expect((await modelyard.call(PATH, { method: 'DELETE' })).status).toBe(204);
  expect((await modelyard.call(PATH)).status).toBe(404);
  const rule = { name: 'x', metric: 'burn_rate', comparison: 'above', threshold: 2, forSeconds: 0, severity: 'info' };
  expect((await modelyard.call('/api/v1/alerts/rules', { body: rule })).status).toBe(400);
  expect((await modelyard.call('/api/v1/alerts/rules', { body: { ...rule, metric: 'p99_ms', burnWindows: '1h/5m' } })).status).toBe(400);
});
