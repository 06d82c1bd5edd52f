import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import { transact } from '../../db/open.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

describe.each(DATABASES)('posting on %s', (_name, open) => {
  let database: TestDatabase;
  let rig: Rig;
  beforeEach(async () => {
    database = await open();
    rig = new Rig(database);
  });
  afterEach(() => rig.close());

  test('a batch without a price leaves the book alone, and is stored', async () => {
    const before = await rig.head();
    await rig.billing.post(batchOf(recordOf('req_1'), recordOf('req_2', { lease: 'lease_x' })));
    expect(await rig.head()).toBe(before);
    expect(await rig.usage.find(['req_1', 'req_2'])).toHaveLength(2);
  });

  test('a charge is taken out of its lease, and shared: tax first, then the publisher’s share, the rest is the platform’s', async () => {
    await rig.credit(10_000n);
    const lease = await (await rig.gateway()).lease(rig.order({ wantedAmount: 1_000n }));
    // 100 in at 1 a token, 50 out at 2.
    const priceVersion = await rig.price({ input_tokens: 1_000_000n, output_tokens: 2_000_000n });
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, lease: lease.id }), recordOf('req_2')));
    expect([await rig.balance('payable/maker'), await rig.balance('revenue'), await rig.wallet()]).toEqual([160n, 40n, 9_000n]);
    expect(await rig.balance(`leased/${lease.id}/paid`)).toBe(800n);
  });

  test('M7, M8: a batch that is posted again, in any company and by another process, changes nothing', async () => {
    await rig.credit(10_000n);
    const lease = await (await rig.gateway()).lease(rig.order({ wantedAmount: 1_000n }));
    const priceVersion = await rig.price({ requests: 37_000n });
    const [first, second] = [recordOf('req_1', { priceVersion, lease: lease.id }), recordOf('req_2', { priceVersion, lease: lease.id })];
    await Promise.all([rig.billing.post(batchOf(first, first)), rig.another().billing.post(batchOf(first))]);
    const receipt = await rig.receipts.get({ orgId: 'acme', orgName: 'Acme', scopes: [] }, 'req_1');
    const [head, left] = [await rig.head(), await rig.balance(`leased/${lease.id}/paid`)];
    expect(left).toBe(1_000n - 37n);
    await rig.billing.post(batchOf(first));
    expect(await rig.head()).toBe(head);
    expect(await rig.receipts.get({ orgId: 'acme', orgName: 'Acme', scopes: [] }, 'req_1')).toEqual(receipt);
    // What comes with a known one is charged all the same.
    await rig.billing.post(batchOf(first, second));
    expect(await rig.balance(`leased/${lease.id}/paid`)).toBe(1_000n - 74n);
  });

  test('M29: a count that nobody can believe, at a rate that nobody would pay, is an open item, and holds up no other call', async () => {
    await rig.credit(10_000n);
    const lease = await (await rig.gateway()).lease(rig.order({ wantedAmount: 1_000n }));
    const priceVersion = await rig.price({ input_tokens: 10n ** 15n });
    await rig.billing.post(
      batchOf(
        recordOf('req_1', { priceVersion, lease: lease.id, promptTokens: Number.MAX_SAFE_INTEGER }),
        recordOf('req_2', { priceVersion: await rig.price({ requests: 37_000n }), lease: lease.id }),
      ),
    );
    expect([await rig.balance(`leased/${lease.id}/paid`), await rig.balance('receivable/acme')]).toEqual([1_000n - 37n, 0n]);
    expect(await rig.billing.unbilled(10)).toEqual(['req_1']);
    expect(rig.events.map(({ state }) => state)).toContain('unbilled');
  });

  test('M26: a budget that only alerts from now on counts a call once that was leased for while it was hard', async () => {
    await rig.credit(10_000n);
    await rig.budget('bud', { limitAmount: 1_000n });
    const lease = await (await rig.gateway()).lease(rig.order({ budgets: ['bud'], wantedAmount: 100n }));
    await transact(database.db, (tx) => tx.updateTable('budgets').set({ is_hard: 0 }).execute());
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion: await rig.price({ requests: 37_000n }), lease: lease.id })));
    expect(await rig.counted('bud')).toEqual([37n, lease.amount - 37n]);
  });

  test('M9: what a call costs beyond its lease comes out of the wallet, and beyond that is owed', async () => {
    await rig.credit(120n);
    const lease = await (await rig.gateway()).lease(rig.order({ leastAmount: 100n, wantedAmount: 100n }));
    const priceVersion = await rig.price({ requests: 150_000n });
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, lease: lease.id })));
    expect([await rig.wallet(), await rig.balance('receivable/acme'), await rig.balance('payable/maker')]).toEqual([0n, -30n, 120n]);
  });

  test('M11: a lease that is abandoned goes back; what was spent of it turns up later, and is charged to the wallet or owed, once', async () => {
    await rig.credit(100n);
    await rig.budget('bud', { limitAmount: 1_000n });
    const lease = await (await rig.gateway('gone')).lease(rig.order({ leastAmount: 100n, budgets: ['bud'] }));
    const priceVersion = await rig.price({ requests: 60_000n });
    const late = ['req_1', 'req_2', 'req_3'].map((id) => recordOf(id, { priceVersion, lease: lease.id }));
    await expect(rig.leasing.abandon('gone', { own: 'main', force: false })).rejects.toMatchObject({ code: 'gateway_alive' });
    await rig.clock.advance(61_000);
    expect(await rig.leasing.abandon('gone', { own: 'main', force: false })).toBe(1);
    expect(await rig.leasing.abandon('gone', { own: 'main', force: false })).toBe(0);
    expect([await rig.wallet(), await rig.counted('bud')]).toEqual([100n, [0n, 0n]]);
    expect(rig.events).toMatchObject([{ state: 'lease_abandoned', orgId: 'acme' }]);
    await rig.billing.post(batchOf(...late));
    await rig.another().billing.post(batchOf(...late));
    expect([await rig.wallet(), await rig.balance('receivable/acme'), await rig.counted('bud')]).toEqual([0n, -80n, [180n, 0n]]);
  });

  test('M12, M15: what was counted by ourselves is charged and marked; a count of nothing that the engine gave is charged nothing', async () => {
    await rig.credit(10_000n);
    const priceVersion = await rig.price({ input_tokens: 1_000_000n, output_tokens: 1_000_000n });
    const counted = recordOf('req_1', { priceVersion, status: 'cancelled', httpStatus: 499, estimated: true, promptTokens: 12, completionTokens: 5 });
    const nothing = recordOf('req_2', { priceVersion, promptTokens: 0, completionTokens: 0 });
    await rig.billing.post(batchOf(counted, nothing));
    expect(await rig.wallet()).toBe(10_000n - 17n);
    const viewer = { orgId: 'acme', orgName: 'Acme', scopes: [] };
    expect((await rig.receipts.get(viewer, 'req_1')).receipt).toMatchObject({ estimated: true, status: 'cancelled', total: '0.000017' });
    expect((await rig.receipts.get(viewer, 'req_2')).receipt).toMatchObject({ estimated: false, total: '0.00', chain: null });
    expect(await rig.billing.unbilled(10)).toEqual([]);
  });

  test('M17: a call that failed and brought nothing is free, whatever its unit', async () => {
    await rig.credit(10_000n);
    const priceVersion = await rig.price({ requests: 1_000_000n, input_tokens: 1_000_000n, compute_ms: 1_000_000_000n, bytes: 1_000_000_000n });
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, status: 'failed', httpStatus: 502, completionTokens: 0, promptTokens: 100 })));
    expect(await rig.wallet()).toBe(10_000n);
    expect(await rig.billing.unbilled(10)).toEqual([]);
  });

  test('M18: a call that was offered to several engines is one charge', async () => {
    await rig.credit(10_000n);
    const priceVersion = await rig.price({ requests: 1_000_000n });
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, attempts: 3 })));
    expect(await rig.wallet()).toBe(9_000n);
    const settled = await database.db.selectFrom('ledger_transactions').select('id').where('kind', '=', 'settle').execute();
    expect(settled).toEqual([{ id: 'req_1' }]);
  });

  test('M27: a call whose price can’t be read is stored, open and told of, never billed as nothing; it is billed once the price is there, and once', async () => {
    await rig.credit(10_000n);
    await rig.budget('calls', { unit: 'requests', limitAmount: 10n });
    const gateway = await rig.gateway();
    const lease = await gateway.lease(rig.order({ unit: 'requests', budgets: ['calls'], wantedAmount: 1n }));
    await rig.billing.post(
      batchOf(recordOf('req_1', { priceVersion: 'price_x', lease: lease.id }), recordOf('req_2', { priceVersion: 'price_x', status: 'failed', completionTokens: 0 })),
    );
    expect(rig.events).toMatchObject([{ orgId: '', state: 'unbilled', deployment: 'maker/model', reason: expect.stringContaining('1 calls') as string }]);
    expect([await rig.wallet(), await rig.billing.unbilled(10), await rig.counted('calls')]).toEqual([10_000n, ['req_1'], [1n, 0n]]);
    await expect(rig.receipts.get({ orgId: 'acme', orgName: 'Acme', scopes: [] }, 'req_1')).rejects.toMatchObject({ code: 'receipt_pending' });
    expect(await rig.billing.settleOpen()).toBe(0);

    await rig.lateVersion('price_x');
    // Another process finds it too: by looking all calls through.
    const [first, second] = await Promise.all([rig.billing.settleOpen(), rig.another().billing.settleOpen()]);
    expect(first + second).toBe(1);
    expect(await rig.billing.settleOpen()).toBe(0);
    expect([await rig.wallet(), await rig.billing.unbilled(10), await rig.counted('calls')]).toEqual([9_960n, [], [1n, 0n]]);
  });

  test('a record with counts that are none is stored and open, and holds up none that comes with it', async () => {
    await rig.credit(10_000n);
    const priceVersion = await rig.price({ requests: 40_000n, compute_ms: 3_600_000n });
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, stages: { queue: 200 } }), recordOf('req_2', { priceVersion })));
    expect([await rig.wallet(), await rig.billing.unbilled(10), rig.events.length]).toEqual([10_000n - 40n - 90n, ['req_1'], 1]);
    expect(await rig.billing.settleOpen()).toBe(0);
    await expect(rig.receipts.get({ orgId: 'acme', orgName: 'Acme', scopes: [] }, 'req_1')).rejects.toMatchObject({ code: 'receipt_pending' });
  });

  test('a quota counts requests, or tokens of prompt and answer, and nothing for what is free; the book is left alone', async () => {
    await rig.budget('calls', { unit: 'requests', limitAmount: 10n });
    await rig.budget('tokens', { unit: 'tokens', limitAmount: 1_000n });
    const gateway = await rig.gateway();
    const [calls, tokens] = [
      await gateway.lease(rig.order({ unit: 'requests', budgets: ['calls'], wantedAmount: 5n, leastAmount: 5n })),
      await gateway.lease(rig.order({ unit: 'tokens', budgets: ['tokens'], wantedAmount: 400n, leastAmount: 400n })),
    ];
    const before = await rig.head();
    const priceVersion = await rig.price({});
    await rig.billing.post(
      batchOf(
        recordOf('req_1', { priceVersion, lease: calls.id }),
        recordOf('req_2', { priceVersion, lease: calls.id, status: 'failed', completionTokens: 0 }),
        recordOf('req_3', { priceVersion, lease: tokens.id, cachedTokens: 30 }),
      ),
    );
    expect([await rig.counted('calls'), await rig.counted('tokens'), await rig.head()]).toEqual([[1n, 4n], [150n, 250n], before]);
    await Promise.all([gateway.giveBack(calls.id), gateway.giveBack(calls.id), gateway.giveBack(tokens.id)]);
    expect([await rig.counted('calls'), await rig.counted('tokens')]).toEqual([
      [1n, 0n],
      [150n, 0n],
    ]);
    expect(await rig.billing.unbilled(10)).toEqual([]);
  });

  test('budgets that only alert count what their key has spent, and tell of each share once', async () => {
    await rig.credit(10_000n);
    await rig.budget('soft', { isHard: false, keyId: 'key_1', limitAmount: 100n, alertPercents: [50, 100] });
    const priceVersion = await rig.price({ requests: 30_000n });
    const calls = Array.from({ length: 5 }, (_, index) => recordOf(`req_${index}`, { priceVersion, ...(index === 4 && { keyId: 'key_2' }) }));
    for (const call of [...calls, ...calls]) await rig.billing.post(batchOf(call));
    expect(await rig.counted('soft')).toEqual([120n, 0n]);
    expect(rig.events.map(({ state, reason }) => [state, reason.slice(0, 5)])).toEqual([
      ['budget_reached', '50 % '],
      ['budget_reached', '100 %'],
    ]);
  });
});
