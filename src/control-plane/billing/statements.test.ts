import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import type { Figures } from './statement-model.ts';
import { Statements } from './statements.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

const DAY = 86_400_000;
const OPERATOR = { orgId: 'platform', orgName: 'platform', scopes: ['operator'] as const };

describe.each(DATABASES)('statements on %s', (_name, open) => {
  let database: TestDatabase;
  let rig: Rig;
  let statements: Statements;
  /** The first, second and third day. */
  let days: { readonly from: number; readonly to: number }[];
  const lines = ({ lines: all }: Figures) => all.map(({ kind, amountMicros, of }) => [kind, amountMicros, ...(of ? [of.deployment, of.calls] : [])]);

  beforeEach(async () => {
    database = await open();
    rig = new Rig(database);
    statements = new Statements(database.db);
    const start = rig.clock.now();
    days = [0, 1, 2].map((day) => ({ from: start + day * DAY, to: start + (day + 1) * DAY }));
    // The first day: credit, and calls of two deployments.
    await rig.credit(1_000n);
    await rig.credit(500n, 'gift', { isPaid: false, priority: 1, expiresAt: start + DAY + 1 });
    const priceVersion = await rig.price({ requests: 100_000n });
    const lease = await (await rig.gateway()).lease(rig.order({ leastAmount: 600n, wantedAmount: 600n }));
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion, lease: lease.id }), recordOf('req_2', { priceVersion, deployment: 'maker/other', cachedTokens: 20 })));
    await rig.billing.post(batchOf(recordOf('req_3', { priceVersion, orgId: 'globex' })));
    // The second: a refund, a gift that ends while the lease holds a part of it, a pay-out.
    await rig.clock.advance(DAY + 1);
    await rig.refunds.refund(OPERATOR, { id: 'r', charge: 'req_1', amount: { basisPoints: 5_000 }, fromPlatform: false, reason: 'slow' });
    await rig.ledger.expire();
    await rig.refunds.payOut({ id: 'p', orgId: 'maker', orgName: 'maker', amountMicros: 50n });
    // The third: the lease comes back, and a call that costs more than there is.
    await rig.clock.advance(DAY);
    await rig.leasing.sourceFor({ gateway: 'g', epoch: 1 }).giveBack(lease.id);
    await rig.billing.post(batchOf(recordOf('req_4', { priceVersion: await rig.price({ requests: 2_000_000n }) })));
  });
  afterEach(() => rig.close());

  test('a consumer’s: opening and lines are closing, and closing is what the next one opens with and the balances say', async () => {
    const [first, second, third] = await Promise.all(days.map((span) => statements.of({ kind: 'consumer', orgId: 'acme', ...span })));
    expect(first).toMatchObject({ openingMicros: 0n, closingMicros: 1_300n, heldMicros: 500n, owedMicros: 0n, foots: true });
    expect(lines(first!)).toEqual([
      ['top_up', 1_000n],
      ['gift', 500n],
      ['charge', -100n, 'maker/model', 1],
      ['charge', -100n, 'maker/other', 1],
    ]);
    expect(first?.lines.at(-1)?.of).toMatchObject({ inputTokens: 80, cachedTokens: 20, outputTokens: 50, chargedMicros: 100n });
    expect(second).toMatchObject({ openingMicros: 1_300n, closingMicros: 1_350n, heldMicros: 500n, foots: true });
    expect(lines(second!)).toEqual([['refund', 50n]]);
    expect(third).toMatchObject({ openingMicros: 1_350n, heldMicros: 0n, closingMicros: 0n, owedMicros: 1_050n, foots: true });
    expect(lines(third!)).toEqual([
      ['charge', -2_000n, 'maker/model', 1],
      ['overage', 1_050n],
      ['expired', -400n],
    ]);
    expect(await rig.wallet()).toBe(0n);
  });

  test('a publisher’s: what was earned by each listing, refunded and paid out', async () => {
    const spans = [...days, { from: 0, to: Number.MAX_SAFE_INTEGER }];
    const [first, second, third, all] = await Promise.all(spans.map((span) => statements.of({ kind: 'publisher', orgId: 'maker', ...span })));
    expect(lines(first!)).toEqual([
      ['earned', 160n, 'maker/model', 2],
      ['earned', 80n, 'maker/other', 1],
    ]);
    expect(first?.lines[0]?.of?.chargedMicros).toBe(200n);
    expect(lines(second!)).toEqual([
      ['refund', -40n],
      ['paid_out', -50n],
    ]);
    expect([first, second, third, all].map((figures) => [figures?.openingMicros, figures?.closingMicros, figures?.foots])).toEqual([
      [0n, 240n, true],
      [240n, 150n, true],
      [150n, 1_750n, true],
      [0n, 1_750n, true],
    ]);
  });

  test('the platform’s: all kinds of accounts together are nothing, at every time', async () => {
    const [, second, third] = await Promise.all(days.map((span) => statements.of({ kind: 'platform', orgId: '', ...span })));
    expect(second).toMatchObject({ openingMicros: 0n, closingMicros: 0n, foots: true });
    const closing = Object.fromEntries((third?.accounts ?? []).map(({ account, closingMicros }) => [account, closingMicros]));
    expect(closing).toEqual({ revenue: 450n, tax: 0n, breakage: 400n, promotion: -500n, receivable: -1_150n, cash: -950n, payable: 1_750n, wallet: 0n, leased: 0n });
    expect(Object.values(closing).reduce((sum, amount) => sum + amount)).toBe(0n);
  });

  test('a balance that is not what the entries say does not foot, by one unit', async () => {
    for (const account of ['wallet/acme/paid', 'payable/maker']) {
      const before = await rig.balance(account);
      const set = (to: bigint) => database.db.updateTable('ledger_balances').set({ balance_micros: to }).where('account', '=', account).execute();
      await set(before + 1n);
      const kind = account.startsWith('wallet') ? 'consumer' : 'publisher';
      const orgId = kind === 'consumer' ? 'acme' : 'maker';
      for (const span of days) {
        expect((await statements.of({ kind, orgId, ...span })).foots).toBe(false);
        expect((await statements.of({ kind: 'platform', orgId: '', ...span })).foots).toBe(false);
      }
      await set(before);
    }
  });
});
