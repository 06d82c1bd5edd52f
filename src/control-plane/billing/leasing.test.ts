import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import type { Fault } from '../../contract/errors.ts';
import { sizeOf } from './model.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe.each(DATABASES)('leases on %s', (_name, open) => {
  let database: TestDatabase;
  let rig: Rig;
  beforeEach(async () => {
    database = await open();
    rig = new Rig(database);
  });
  afterEach(() => rig.close());

  test('M26: three gateways that race for one budget, with demand for three, spend what it has and no more', async () => {
    await rig.credit(1_000_000n);
    await rig.budget('bud', { limitAmount: 1_000n });
    const priceVersion = await rig.price({ requests: 30_000n });
    const spent = await Promise.all(
      ['g1', 'g2', 'g3'].map(async (name) => {
        const process = rig.another();
        const gateway = await process.gateway(name);
        let calls = 0;
        // Each call may cost 50, and costs 30.
        for (let wanted = 33; wanted > 0;) {
          const lease = await gateway.lease(rig.order({ budgets: ['bud'], leastAmount: 50n, wantedAmount: 200n })).catch((fault: Fault) => {
            expect(fault).toMatchObject({ code: 'budget_exceeded', kind: 'payment_required' });
            return undefined;
          });
          if (!lease) break;
          const made: string[] = [];
          for (let left = lease.amount; left >= 50n && wanted > 0; left -= 30n, wanted--) made.push(`req_${name}_${calls++}`);
          await process.billing.post(batchOf(...made.map((id) => recordOf(id, { priceVersion, lease: lease.id }))));
          await gateway.giveBack(lease.id);
        }
        return BigInt(calls) * 30n;
      }),
    );
    const total = spent.reduce((sum, amount) => sum + amount);
    expect(await rig.counted('bud')).toEqual([total, 0n]);
    expect(total).toBeLessThanOrEqual(1_000n);
    // Nothing is left over that would have been enough for a call, but what others held meanwhile.
    expect(total).toBeGreaterThan(1_000n - 50n - 3n * 50n);
    expect(await rig.wallet()).toBe(1_000_000n - total);
  });

  test('M43: a clock that is set back over midnight opens no period a second time, counts nothing twice, and nobody passes for dead', async () => {
    rig.clock.step(10 * MINUTE - (rig.clock.now() % DAY) + DAY);
    await rig.budget('calls', { unit: 'requests', period: 'day', limitAmount: 4n });
    const priceVersion = await rig.price({ requests: 0n });
    const run = await rig.leasing.registerGateway('g');
    const gateway = rig.leasing.sourceFor(run);
    const order = rig.order({ unit: 'requests', budgets: ['calls'], leastAmount: 1n, neededAmount: 3n, wantedAmount: 3n });
    const after = await gateway.lease(order);
    rig.clock.step(-60 * MINUTE);
    const before = await gateway.lease({ ...order, lease: after.id });
    expect([after.amount, before.amount, before.id === after.id]).toEqual([3n, 3n, false]);
    expect((before.until ?? 0) - rig.clock.now()).toBe(50 * MINUTE);
    await rig.billing.post(batchOf(...['a1', 'a2'].map((id) => recordOf(id, { priceVersion, lease: after.id })), recordOf('b1', { priceVersion, lease: before.id })));
    for (const { id } of [after, before]) await gateway.giveBack(id);
    await expect(rig.leasing.abandon('g', { own: 'main', force: false })).rejects.toMatchObject({ code: 'gateway_alive' });
    rig.clock.step(60 * MINUTE);
    // Two were used of the day that it is again.
    const again = await gateway.lease({ ...order, neededAmount: 4n, wantedAmount: 4n });
    expect(again.amount).toBe(2n);
    const periods = await database.db.selectFrom('budget_periods').select(['used_amount', 'leased_amount']).orderBy('start').execute();
    expect(periods).toEqual([
      { used_amount: 1n, leased_amount: 0n },
      { used_amount: 2n, leased_amount: 2n },
    ]);
  });

  test('M5, M7, M25: what a gateway that died had leased stays until its usage is posted, and goes back once; again, or by two at once, it changes nothing', async () => {
    await rig.credit(10_000n);
    await rig.budget('bud', { limitAmount: 5_000n });
    await rig.budget('calls', { unit: 'requests', limitAmount: 8n });
    const priceVersion = await rig.price({ requests: 100_000n });
    const first = await rig.leasing.registerGateway('main');
    const source = rig.leasing.sourceFor(first);
    const money = await source.lease(rig.order({ budgets: ['bud'], wantedAmount: 600n }));
    const quota = await source.lease(rig.order({ unit: 'requests', budgets: ['calls'] }));
    const records = ['req_1', 'req_2', 'req_3'].map((id) => recordOf(id, { priceVersion, lease: money.id }));
    await rig.billing.post(batchOf(...records.slice(0, 1)));
    // It dies; of the rest the usage log knows. It starts again, and leases for new calls before the log is posted.
    const restarted = rig.another();
    const second = await restarted.leasing.registerGateway('main');
    expect(second.epoch).toBe(first.epoch + 1);
    const fresh = await restarted.leasing.sourceFor(second).lease(rig.order({ budgets: ['bud'], wantedAmount: 300n }));
    await expect(source.lease(rig.order())).rejects.toMatchObject({ code: 'gateway_superseded' });
    expect(await rig.wallet()).toBe(10_000n - 600n - 300n);
    await restarted.billing.post(batchOf(...records));
    expect(await rig.balance(`leased/${money.id}/paid`)).toBe(300n);
    await Promise.all([restarted.leasing.closeFormer(second), rig.another().leasing.closeFormer(second)]);
    const head = await rig.head();
    expect([await rig.wallet(), await rig.counted('bud'), await rig.counted('calls')]).toEqual([10_000n - 300n - 300n, [300n, 300n], [0n, 0n]]);
    expect(await restarted.leasing.closeFormer(second)).toBe(0);
    await restarted.billing.post(batchOf(...records));
    await Promise.all([source.giveBack(money.id), source.giveBack(quota.id)]);
    expect(await rig.head()).toBe(head);
    expect(await restarted.leasing.gateways()).toMatchObject([{ name: 'main', epoch: 2, leases: 1, heldMicros: 300n }]);
    await restarted.leasing.sourceFor(second).giveBack(fresh.id);
    expect([await rig.wallet(), await rig.counted('bud')]).toEqual([9_700n, [300n, 0n]]);
  });

  test('too little of anything leases nothing at all, and says of what', async () => {
    const gateway = await rig.gateway();
    await expect(gateway.lease(rig.order())).rejects.toMatchObject({ code: 'insufficient_quota', kind: 'payment_required' });
    await rig.credit(1_000n);
    await rig.budget('a', { limitAmount: 500n });
    await rig.budget('b', { limitAmount: 60n });
    await rig.budget('calls', { unit: 'requests', limitAmount: 0n });
    const refused = async (order: Parameters<Rig['order']>[0]) => gateway.lease(rig.order(order)).catch((fault: Fault) => [fault.code, fault.message]);
    expect(await refused({ leastAmount: 1_001n })).toEqual(['insufficient_quota', expect.stringContaining('0.001')]);
    expect(await refused({ budgets: ['b', 'a'], leastAmount: 61n })).toEqual(['budget_exceeded', expect.stringContaining('b')]);
    expect(await refused({ unit: 'requests', budgets: ['calls'] })).toEqual(['quota_exceeded', expect.stringContaining('requests')]);
    expect([await rig.wallet(), await rig.counted('a'), await rig.counted('b')]).toEqual([1_000n, [0n, 0n], [0n, 0n]]);
    expect(await database.db.selectFrom('credit_leases').selectAll().execute()).toEqual([]);
    expect(await gateway.lease(rig.order({ budgets: ['b', 'a'], leastAmount: 60n }))).toMatchObject({ amount: 60n });
  });

  test('it may be spent until the nearest period of its budgets ends; what is given back later is of the period that it was taken from', async () => {
    await rig.credit(10_000n);
    const day = 24 * 60 * MINUTE;
    await rig.budget('daily', { period: 'day' });
    await rig.budget('monthly');
    await rig.budget('total', { period: 'total' });
    const gateway = await rig.gateway();
    expect((await gateway.lease(rig.order({ budgets: ['total'] }))).until).toBeUndefined();
    expect((await gateway.lease(rig.order())).until).toBeUndefined();
    const lease = await gateway.lease(rig.order({ budgets: ['daily', 'monthly'] }));
    expect(lease.until).toBe(rig.clock.now() + day);
    await rig.clock.advance(day);
    await gateway.giveBack(lease.id);
    expect(await database.db.selectFrom('budget_periods').select(['start', 'leased_amount']).where('budget_id', '=', 'daily').execute()).toEqual([
      { start: rig.clock.now() - day, leased_amount: 0n },
    ]);
  });

  test('a gateway that is alive, or one’s own, is not abandoned by mistake', async () => {
    const run = await rig.leasing.registerGateway('g');
    await rig.clock.advance(50_000);
    expect(await rig.leasing.seen(run)).toBe(true);
    await rig.clock.advance(50_000);
    await expect(rig.leasing.abandon('g', { own: 'main', force: false })).rejects.toMatchObject({ code: 'gateway_alive' });
    await expect(rig.leasing.abandon('g', { own: 'g', force: true })).rejects.toMatchObject({ code: 'own_gateway' });
    await expect(rig.leasing.abandon('nobody', { own: 'main', force: true })).rejects.toMatchObject({ code: 'gateway_not_found' });
    expect(await rig.leasing.abandon('g', { own: 'main', force: true })).toBe(0);
  });
});

describe('how much is leased', () => {
  test('of what could bear it eight times, what is wanted; else an eighth, but the least', () => {
    const one = { leastAmount: 10n, neededAmount: 10n, wantedAmount: 100n };
    expect([800n, 799n, 79n, 9n].map((availableAmount) => sizeOf({ ...one, availableAmount }))).toEqual([100n, 99n, 10n, 0n]);
    expect(sizeOf({ ...one, leastAmount: 300n, neededAmount: 300n, availableAmount: 10_000n })).toBe(300n);
  });

  test('of a small balance, for all calls that wait, as far as it goes', () => {
    const many = { leastAmount: 10n, neededAmount: 50n, wantedAmount: 160n };
    expect([1_280n, 200n, 45n, 9n].map((availableAmount) => sizeOf({ ...many, availableAmount }))).toEqual([160n, 50n, 45n, 0n]);
  });

  test('never less than the least, never more than there is, never more than the larger of wanted and least', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 18n });
    fc.assert(
      fc.property(amount, amount, amount, (leastAmount, wantedAmount, availableAmount) => {
        const size = sizeOf({ leastAmount, neededAmount: leastAmount, wantedAmount, availableAmount });
        if (availableAmount < leastAmount) return size === 0n;
        return size >= (availableAmount > 0n ? leastAmount : 0n) && size <= availableAmount && size <= (wantedAmount > leastAmount ? wantedAmount : leastAmount);
      }),
    );
  });
});
