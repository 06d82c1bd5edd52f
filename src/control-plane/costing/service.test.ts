import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import { type Db, openDatabase } from '../../db/open.ts';
import { Usage } from '../usage/index.ts';
import { GIB } from './formulas.ts';
import type { CostReport } from './model.ts';
import type { Fleet, ReplicaHolding } from './ports.ts';
import type { Price } from './price-floor.ts';
import { type CostingSection, resolveRates } from './rates.ts';
import { Costing } from './service.ts';
import { readMeasured } from './store.ts';

const MINUTE_MS = 60_000;
const OPERATOR = { orgId: 'org_p', scopes: ['operator'] as const };
const ACME = { orgId: 'org_acme', scopes: ['usage'] as const };
const OWNERS: Readonly<Record<string, string>> = { one: 'org_p', 'acme/two': 'org_acme' };
let owners = OWNERS;
const SECTION: CostingSection = {
  hardware: { price: 4 * 8_760, lifetimeYears: 4, interestPerYear: 0 },
  power: { idleKilowatts: 0, fullKilowatts: 1, pue: 1, pricePerKilowattHour: 1 },
  data: { transferPerGib: 1, storagePerGibMonth: 0 },
  maintenance: { licencesPerMonth: 730 },
};
/** A millionth of an hour's cost of everything: rounding of single rows. */
const UNITS = 2n;

/** A fake of the scheduler's replicas, whose use grows with the clock. */
interface FakeReplica {
  readonly id: string;
  readonly deployment: string;
  readonly startedAt: number;
  readonly cores: number;
  readonly busyCores: number;
}

let clock: FakeClock;
let db: Db;
let replicas: FakeReplica[];
let open: Costing[];
let problems: unknown[];
beforeEach(async () => {
  clock = new FakeClock();
  db = await openDatabase(':memory:');
  replicas = [];
  open = [];
  problems = [];
  owners = OWNERS;
});
afterEach(async () => {
  await Promise.all(open.map((costing) => costing.close()));
  await db.destroy();
  if (problems.length > 0) throw new AggregateError(problems, "something went wrong behind everybody's back");
});

function begin(section: CostingSection = SECTION, priceOf: (deployment: string) => Price | undefined = () => undefined): Costing {
  const holding = ({ busyCores, ...of }: FakeReplica): ReplicaHolding => {
    const cpuSeconds = (busyCores * (clock.now() - of.startedAt)) / 1000;
    return { ...of, memoryBytes: GIB, gpus: 0, used: { cpuSeconds, memoryBytes: GIB / 2 } };
  };
  const fleet: Fleet = { nodes: () => [{ id: 'local', cores: 4, memoryBytes: 8 * GIB, gpus: 0 }], replicas: () => replicas.map(holding) };
  const costing = new Costing({
    db,
    clock,
    fleet,
    rates: resolveRates(section),
    usage: new Usage(db),
    deployments: { storedBytes: () => Object.keys(owners).map((deployment) => ({ deployment, bytes: GIB })), ownerOf: (deployment) => owners[deployment] ?? '' },
    prices: { priceOf },
    organisations: {
      names: async () =>
        new Map([
          ['org_p', 'platform'],
          ['org_acme', 'acme'],
        ]),
    },
    problem: (error) => problems.push(error),
  });
  costing.start();
  open.push(costing);
  return costing;
}

const launch = (id: string, deployment: string, cores: number, busyCores: number) => replicas.push({ id, deployment, cores, busyCores, startedAt: clock.now() });

let calls = 0;
async function called(deployment: string, orgId: string, more: Partial<UsageRecord> = {}): Promise<void> {
  const id = `req_${++calls}`;
  const record: UsageRecord = {
    requestId: id,
    startedAt: clock.now(),
    orgId,
    keyId: 'key',
    deployment,
    revision: 'rev',
    model: deployment,
    version: 1,
    operation: 'chat',
    status: 'ok',
    httpStatus: 200,
    promptTokens: 100,
    cachedTokens: 0,
    completionTokens: 150,
    rows: 0,
    requestBytes: 0,
    responseBytes: 0,
    estimated: false,
    attempts: 1,
    durationMs: 1_000,
    stages: { queue: 0, total: 1_000 },
    subscription: '',
    priceVersion: '',
    lease: '',
    ...more,
  };
  const fields = Object.keys(record) as (keyof UsageRecord)[];
  await new Usage(db).post({ fields, json: JSON.stringify([fields.map((field) => record[field])]) });
}

const rowOf = (report: CostReport, group: string) => report.rows.find((row) => row.group === group);
const sum = (report: CostReport, field: 'computeMicros' | 'idleMicros' | 'maintenanceMicros' | 'totalMicros') => report.rows.reduce((all, row) => all + row[field], 0n);

test('Q9: two deployments over an hour, one of them restarted in between: rows, idle and assets add up to the unit', async () => {
  const costing = begin();
  launch('r1', 'one', 2, 1);
  launch('r2', 'acme/two', 1, 0);
  await clock.advance(20 * MINUTE_MS);
  // A new process of the same deployment: its CPU seconds begin at zero again.
  replicas = replicas.filter(({ id }) => id !== 'r1');
  launch('r3', 'one', 2, 1);
  await clock.advance(40 * MINUTE_MS);
  const report = await costing.costs(OPERATOR, { by: 'model' });
  const { deployments } = await readMeasured(db, { since: 0, until: Number.MAX_SAFE_INTEGER });
  const one = deployments.find(({ deployment }) => deployment === 'one');
  expect(one).toMatchObject({
    orgId: 'org_p',
    replicaSeconds: 3_600,
    measuredSeconds: 3_600,
    requestCoreSeconds: 7_200,
    requestByteSeconds: 3_600 * GIB,
    storedByteSeconds: 3_600 * GIB,
  });
  expect(one?.usedCoreSeconds).toBeCloseTo(3_600, 6);
  expect(report.upSeconds).toBeCloseTo(3_600, 6);
  // 1.00 of hardware; power at a quarter of the load 0.25.
  expect(report.assets?.costMicros).toBe(1_250_000n);
  expect(sum(report, 'computeMicros') + (report.assets?.idleMicros ?? 0n)).toBe(report.assets?.costMicros);
  expect(sum(report, 'idleMicros')).toBe(report.assets?.idleMicros);
  expect(sum(report, 'maintenanceMicros')).toBe(1_000_000n);
  expect(report.totals.totalMicros).toBe(2_250_000n);
  expect(sum(report, 'totalMicros')).toBe(2_250_000n);
  expect(report.rows.map(({ group }) => group)).toEqual(['one', 'acme/two']);
  expect(rowOf(report, 'one')?.cpuUtilisation).toBeCloseTo(0.5, 6);
  expect(rowOf(report, 'one')?.memoryUtilisation).toBeCloseTo(0.5, 6);
  expect(report.defaultRates).toContain('listPrices.gpuHour');
  expect(report.defaultRates).not.toContain('hardware.price');
});

test('idle is shared by the rule: evenly, in proportion to what was allocated, or by nobody', async () => {
  launch('r1', 'one', 3, 0);
  launch('r2', 'acme/two', 1, 0);
  const first = begin();
  await clock.advance(60 * MINUTE_MS);
  await first.close();
  open = [];
  const by = async (idle: NonNullable<CostingSection['idle']>) => {
    const costing = begin({ ...SECTION, idle });
    const report = await costing.costs(OPERATOR, { by: 'model' });
    return { report, one: rowOf(report, 'one'), two: rowOf(report, 'acme/two') };
  };
  const even = await by('even');
  expect((even.one?.idleMicros ?? 0n) - (even.two?.idleMicros ?? 0n)).toBeLessThanOrEqual(UNITS);
  expect(even.one?.maintenanceMicros).toBe(500_000n);
  const proportional = await by('proportional');
  const ratio = (row: typeof even.one) => Number(row?.idleMicros) / Number(row?.computeMicros);
  expect(ratio(proportional.one)).toBeCloseTo(ratio(proportional.two), 4);
  const none = await by('none');
  expect(none.report.assets).toMatchObject({ unsharedIdleMicros: none.report.assets?.idleMicros, unsharedMaintenanceMicros: 1_000_000n });
  expect(sum(none.report, 'idleMicros')).toBe(0n);
  for (const { report } of [even, proportional, none]) expect(report.totals.totalMicros).toBe(2_000_000n);
});

test('by tenant: a cost goes to callers by how long they were served, waiting in the queue left out; without calls to its owner', async () => {
  const costing = begin();
  launch('r1', 'one', 2, 1);
  launch('r2', 'acme/two', 1, 0);
  await clock.advance(10 * MINUTE_MS);
  await called('one', 'org_p', { durationMs: 9_000, stages: { queue: 8_000, total: 9_000 } });
  await called('one', 'org_acme', { durationMs: 3_100, stages: { queue: 100, total: 3_100 }, responseBytes: 1_073_741 });
  // It left while it waited: never served.
  await called('one', 'org_p', { status: 'cancelled', durationMs: 60_000, promptTokens: 0, completionTokens: 0, stages: { admit: 1, total: 60_000 } });
  await clock.advance(50 * MINUTE_MS);
  const model = await costing.costs(OPERATOR, { by: 'model' });
  const tenant = await costing.costs(OPERATOR, { by: 'tenant' });
  const one = rowOf(model, 'one');
  const two = rowOf(model, 'acme/two');
  const [platform, acme] = ['platform', 'acme'].map((name) => rowOf(tenant, name));
  expect(platform).toMatchObject({ calls: 2, tokens: 250 });
  expect(Number(platform?.computeMicros)).toBeCloseTo(Number(one?.computeMicros) / 4, -1);
  expect(Number(acme?.computeMicros)).toBeCloseTo((Number(one?.computeMicros) * 3) / 4 + Number(two?.computeMicros), -1);
  expect(acme?.transferMicros).toBe(1_000n);
  expect(tenant.totals.totalMicros).toBe(model.totals.totalMicros);
  expect(sum(tenant, 'totalMicros')).toBe(tenant.totals.totalMicros);
});

test('by day: two days add up to what both cost together, and a range is widened to whole hours', async () => {
  const costing = begin();
  launch('r1', 'one', 2, 1);
  await clock.advance(25 * 60 * MINUTE_MS);
  await called('one', 'org_p');
  const report = await costing.costs(OPERATOR, { by: 'day' });
  expect(report.rows.map(({ group, calls: of }) => [group, of])).toEqual([
    ['2026-01-01', 0],
    ['2026-01-02', 1],
  ]);
  expect(sum(report, 'totalMicros')).toBe(report.totals.totalMicros);
  const start = Date.parse('2026-01-01T03:20:00Z');
  const narrow = await costing.costs(OPERATOR, { by: 'day', since: start, until: start + 60 * MINUTE_MS });
  expect(narrow).toMatchObject({ since: Date.parse('2026-01-01T03:00:00Z'), until: Date.parse('2026-01-01T05:00:00Z') });
  expect(narrow.upSeconds).toBeCloseTo(7_200, 6);
  await expect(costing.costs(OPERATOR, { by: 'day', since: start, until: start })).rejects.toThrow('"since"');
  await expect(costing.costs(OPERATOR, { by: 'day', since: 0 })).rejects.toThrow('400 days');
});

test("an organisation sees its own deployments' cost, the same to the unit as the operator, and nothing of the machines", async () => {
  const costing = begin();
  launch('r1', 'one', 2, 1);
  launch('r2', 'acme/two', 1, 0);
  await called('acme/two', 'org_p');
  await called('one', 'org_acme');
  await clock.advance(30 * MINUTE_MS);
  const all = await costing.costs(OPERATOR, { by: 'model' });
  const own = await costing.costs(ACME, { by: 'model' });
  expect(own.rows).toEqual([rowOf(all, 'acme/two')]);
  expect(own.assets).toBeUndefined();
  expect(own.totals.totalMicros).toBe(rowOf(all, 'acme/two')?.totalMicros);
  expect((await costing.costs(ACME, { by: 'tenant' })).rows.map(({ group, calls: of }) => [group, of])).toEqual([['(others)', 1]]);
  expect((await costing.costs(ACME, { by: 'day' })).rows.map(({ calls: of }) => of)).toEqual([1]);
});

test('a deployment that is gone, and forgotten after a restart, still belongs to whom it belonged', async () => {
  const before = begin();
  launch('r2', 'acme/two', 1, 0);
  await called('acme/two', 'org_acme');
  await clock.advance(30 * MINUTE_MS);
  await before.close();
  replicas = [];
  owners = {};
  open = [];
  const after = begin();
  await clock.advance(30 * MINUTE_MS);
  expect((await after.costs(ACME, { by: 'model' })).rows).toMatchObject([{ group: 'acme/two', calls: 1 }]);
  expect((await after.costs(ACME, { by: 'tenant' })).rows.map(({ group }) => group)).toEqual(['acme']);
});

test('Q10: a deployment with a price has its margin beside it, and a warning under its cost', async () => {
  const costing = begin(SECTION, (deployment) => (deployment === 'one' ? { per: 'thousand_calls', micros: 5_000_000n } : undefined));
  launch('r1', 'one', 2, 1);
  await called('one', 'org_p');
  await clock.advance(60 * MINUTE_MS);
  const report = await costing.costs(OPERATOR, { by: 'model' });
  const one = rowOf(report, 'one');
  expect(one?.perThousandCallsMicros).toBe(2_250_000_000n);
  expect(one?.sold?.marginMicros).toBe(5_000_000n - 2_250_000_000n);
  expect(one?.sold?.warning).toMatch(/^Priced at 5\.00 USD per 1,000 calls, under its cost of 2250\.00: it would not pay at full utilisation either/);
  expect((await costing.costs(OPERATOR, { by: 'tenant' })).rows[0]?.sold).toBeUndefined();
});

test('what could not be written is kept and written later; hours beyond 400 days are forgotten', async () => {
  const costing = begin();
  launch('r1', 'one', 2, 1);
  await clock.advance(30_000);
  await db.schema.alterTable('cost_node_hours').renameTo('away').execute();
  await clock.advance(5_000);
  await expect(costing.costs(OPERATOR, { by: 'model' })).rejects.toThrow('cost_node_hours');
  await db.schema.alterTable('away').renameTo('cost_node_hours').execute();
  expect((await costing.costs(OPERATOR, { by: 'model' })).upSeconds).toBeCloseTo(35, 6);
  const { deployments } = await readMeasured(db, { since: 0, until: Number.MAX_SAFE_INTEGER });
  expect(deployments.find(({ deployment }) => deployment === 'one')?.replicaSeconds).toBeCloseTo(35, 6);
  replicas = [];
  clock.step(401 * 24 * 60 * MINUTE_MS);
  expect((await costing.costs(OPERATOR, { by: 'model' })).upSeconds).toBe(0);
  const kept = await readMeasured(db, { since: 0, until: Date.parse('2026-02-01T00:00:00Z') });
  expect(kept).toEqual({ deployments: [], nodes: [] });
});
