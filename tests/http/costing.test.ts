import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { usageOf, whileAdvancing } from './support.ts';

const MINUTE_MS = 60_000;
let clock: FakeClock;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock });
  for (const name of ['one', 'two']) await whileAdvancing(clock, modelyard.deployEcho(name));
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

interface Row {
  readonly group: string;
  readonly computeMicros: number;
  readonly idleMicros: number;
  readonly totalMicros: number;
  readonly calls: number;
  readonly tokens: number;
  readonly perThousandCallsMicros: number | null;
  readonly cpuUtilisation: number | null;
  readonly sold: unknown;
}
interface Report {
  readonly upSeconds: number;
  readonly defaultRates: readonly string[];
  readonly data: readonly Row[];
  readonly totals: Row;
  readonly assets: { readonly costMicros: number; readonly allocatedMicros: number; readonly idleMicros: number; readonly unsharedIdleMicros: number } | null;
}
const costs = async (query = '', key?: string) => (await (await modelyard.call(`/api/v1/costs${query}`, key === undefined ? {} : { key })).json()) as Report;
const sum = (rows: readonly Row[], field: 'computeMicros' | 'idleMicros' | 'totalMicros' | 'calls') => rows.reduce((all, row) => all + row[field], 0);

test('Q9: two deployments that run and are called have a cost that adds up to what the machine cost', async () => {
  await whileAdvancing(clock, modelyard.call('/v1/chat/completions', { body: chatBody('one', 'a b c') }));
  await usageOf(modelyard, 'one', 1);
  await whileAdvancing(clock, clock.advance(20 * MINUTE_MS));
  for (const by of ['model', 'tenant', 'day']) {
    const { data, totals, assets, upSeconds, defaultRates } = await costs(`?by=${by}`);
    expect(upSeconds, by).toBeGreaterThan(1_200);
    expect(assets?.costMicros).toBeGreaterThan(0);
    expect(sum(data, 'computeMicros'), by).toBe(assets?.allocatedMicros);
    expect(sum(data, 'computeMicros') + (assets?.idleMicros ?? 0), by).toBe(assets?.costMicros);
    // The seconds before anything ran belong to nobody; here they are of the same hour, and shared.
    expect(sum(data, 'idleMicros') + (assets?.unsharedIdleMicros ?? 0), by).toBe(assets?.idleMicros);
    expect(totals).toMatchObject({ totalMicros: sum(data, 'totalMicros') + (assets?.unsharedIdleMicros ?? 0), calls: 1 });
    expect(defaultRates).toHaveLength(20);
  }
  const { data } = await costs();
  expect(data.map(({ group }) => group).toSorted()).toEqual(['one', 'two']);
  const one = data.find(({ group }) => group === 'one');
  expect(one).toMatchObject({ calls: 1, perThousandCallsMicros: (one?.totalMicros ?? 0) * 1_000, cpuUtilisation: null, sold: null });
  expect(one?.tokens).toBeGreaterThan(3);
  expect(data.find(({ group }) => group === 'two')).toMatchObject({ calls: 0, perThousandCallsMicros: null });
});

test("another organisation sees its own deployments' cost, not the machines', and no rates", async () => {
  await whileAdvancing(clock, modelyard.call('/api/v1/orgs', { body: { name: 'acme' } }));
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', scopes: ['usage'] });
  await whileAdvancing(clock, modelyard.deployEcho('acme/three'));
  await whileAdvancing(clock, clock.advance(10 * MINUTE_MS));
  const own = await costs('', key);
  expect(own.data.map(({ group }) => group)).toEqual(['acme/three']);
  expect(own.assets).toBeNull();
  expect(own.totals.totalMicros).toBe((await costs()).data.find(({ group }) => group === 'acme/three')?.totalMicros);
  expect((await modelyard.call('/api/v1/costs/rates', { key })).status).toBe(403);
});

test('rates are told with where they are from, and a range or grouping that makes no sense is refused', async () => {
  const { data } = (await (await modelyard.call('/api/v1/costs/rates')).json()) as { data: { name: string; value: unknown; source: string }[] };
  expect(data).toContainEqual(expect.objectContaining({ name: 'hardware.price', value: 2_000, source: 'default' }));
  expect((await modelyard.call('/api/v1/costs?since=2&until=1')).status).toBe(400);
  expect((await modelyard.call('/api/v1/costs?by=color')).status).toBe(400);
  expect((await costs('?since=0&until=1')).data).toEqual([]);
});
