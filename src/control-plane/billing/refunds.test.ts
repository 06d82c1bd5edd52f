import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqlite, type TestDatabase } from '../../../tests/databases.ts';
import type { Price } from '../../contract/price.ts';
import type { Split } from '../ledger/index.ts';
import { refundSplitOf, splitBy } from './model.ts';
import type { RefundOrder } from './refunds.ts';
import { totalOf } from './splits.ts';
import { batchOf, recordOf, Rig } from './testing.ts';

const OPERATOR = { orgId: 'platform', orgName: 'platform', scopes: ['operator'] as const };
const MAKER = { orgId: 'maker', orgName: 'maker', scopes: [] };

describe('refunds', () => {
  let database: TestDatabase;
  let rig: Rig;
  beforeEach(async () => {
    database = await openSqlite();
    rig = new Rig(database);
    await rig.credit(1_000n);
    await rig.billing.post(batchOf(recordOf('req_1', { priceVersion: await rig.price({ requests: 100_000n }) })));
  });
  afterEach(() => rig.close());

  const refund = (id: string, micros: bigint, more: Partial<RefundOrder> = {}, viewer: Parameters<Rig['refunds']['refund']>[0] = OPERATOR) =>
    rig.refunds.refund(viewer, { id, charge: 'req_1', amount: { micros }, fromPlatform: false, reason: 'it was slow', ...more });
  const shares = async () => [await rig.balance('payable/maker'), await rig.balance('revenue'), await rig.wallet()];

  test('M31: 40 % of a charge goes back 80 to 20, as it was shared; the charge itself is not changed, and no more than it goes back', async () => {
    const charge = await database.db.selectFrom('ledger_entries').selectAll().execute();
    expect(await refund('r1', 0n, { amount: { basisPoints: 4_000 } })).toEqual({
      id: 'r1',
      charge: 'req_1',
      amountMicros: 40n,
      publisherMicros: 32n,
      platformMicros: 8n,
      taxMicros: 0n,
      refundedMicros: 40n,
    });
    expect(await shares()).toEqual([48n, 12n, 940n]);
    expect((await database.db.selectFrom('ledger_entries').selectAll().execute()).slice(0, charge.length)).toEqual(charge);
    await expect(refund('r2', 61n)).rejects.toMatchObject({ kind: 'conflict', code: 'refund_too_large', message: expect.stringContaining('0.00006 ') as string });
    await expect(refund('r2', 0n)).rejects.toMatchObject({ code: 'refund_too_large' });
    await refund('r2', 60n);
    expect(await shares()).toEqual([0n, 0n, 1_000n]);
    expect((await rig.receipts.get({ orgId: 'acme', orgName: 'Acme', scopes: [] }, 'req_1')).receipt).toMatchObject({ total: '0.0001', refunded: '0.0001' });
    expect((await rig.ledger.wallet('acme')).map(({ note }) => note)).toContain('it was slow');
  });

  test('the same refund again changes nothing; its id for anything else is a conflict', async () => {
    const first = await refund('r1', 10n);
    expect(await Promise.all([refund('r1', 10n), refund('r1', 10n)])).toEqual([first, first]);
    await expect(refund('r1', 11n)).rejects.toMatchObject({ code: 'refund_conflict' });
    await expect(refund('r1', 10n, { charge: 'req_2' })).rejects.toMatchObject({ code: 'charge_not_found' });
    expect(await rig.wallet()).toBe(910n);
  });

  test('a publisher refunds what was charged for its own deployments, and of others it is told that there is nothing', async () => {
    expect(await refund('r1', 10n, {}, MAKER)).toMatchObject({ publisherMicros: 8n });
    await expect(refund('r2', 10n, {}, { ...MAKER, orgId: 'acme' })).rejects.toMatchObject({ kind: 'not_found', code: 'charge_not_found' });
  });

  test('what a publisher was paid it can’t give back: the platform can', async () => {
    expect(await rig.refunds.payOut({ id: 'p1', orgId: 'maker', orgName: 'maker', amountMicros: 70n })).toBe(10n);
    expect(await rig.refunds.payOut({ id: 'p1', orgId: 'maker', orgName: 'maker', amountMicros: 70n })).toBe(10n);
    await expect(rig.refunds.payOut({ id: 'p2', orgId: 'maker', orgName: 'maker', amountMicros: 11n })).rejects.toMatchObject({
      code: 'payable_too_small',
      message: expect.stringContaining('0.00001 ') as string,
    });
    await expect(refund('r1', 50n)).rejects.toMatchObject({ kind: 'conflict', code: 'publisher_paid_out' });
    expect(await refund('r1', 50n, { fromPlatform: true })).toMatchObject({ publisherMicros: 0n, platformMicros: 50n });
    expect(await shares()).toEqual([10n, -30n, 950n]);
    await refund('r2', 50n, { fromPlatform: true });
    await expect(refund('r3', 1n, { fromPlatform: true })).rejects.toMatchObject({ code: 'refund_too_large' });
  });
});

const micros = (max: bigint) => fc.bigInt({ min: 0n, max });

test('M30: of every charge, publisher, platform and tax have all of it; what does not divide is the platform’s', () => {
  const points = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(micros(10n ** 15n), points, points, (charge, publisherBasisPoints, taxBasisPoints) => {
      const price: Price = { id: 'p', currency: 'EUR', rates: {}, publisher: 'maker', publisherBasisPoints, taxBasisPoints };
      const { publisherMicros, platformMicros, taxMicros } = splitBy(price, charge);
      const [share, tax] = [BigInt(publisherBasisPoints), BigInt(taxBasisPoints)];
      expect(publisherMicros + platformMicros + taxMicros).toBe(charge);
      expect(taxMicros).toBe((charge * tax) / 10_000n);
      // Less than a unit is lost by the publisher, and by nobody else.
      const due = (charge - taxMicros) * share - publisherMicros * 10_000n;
      expect(due >= 0n && due < 10_000n).toBe(true);
      expect(platformMicros >= 0n).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('M31: in whatever parts a charge is refunded, no share comes to more than it was, none is negative, and all parts come to the charge', () => {
  const split = fc.record({ publisher: fc.constant('maker'), publisherMicros: micros(500n), platformMicros: micros(500n), taxMicros: micros(500n) });
  fc.assert(
    fc.property(split, fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 12 }), (charged, parts) => {
      let left: Split = charged;
      const take = (amount: bigint) => {
        const part = refundSplitOf(left, amount);
        expect(totalOf(part)).toBe(amount);
        left = {
          publisher: left.publisher,
          publisherMicros: left.publisherMicros - part.publisherMicros,
          platformMicros: left.platformMicros - part.platformMicros,
          taxMicros: left.taxMicros - part.taxMicros,
        };
        for (const share of ['publisherMicros', 'platformMicros', 'taxMicros'] as const) expect(part[share] >= 0n && left[share] >= 0n).toBe(true);
      };
      for (const part of parts) {
        const amount = (totalOf(left) * BigInt(part)) / 1_000n;
        if (amount > 0n) take(amount);
      }
      if (totalOf(left) > 0n) take(totalOf(left));
      expect(totalOf(left)).toBe(0n);
    }),
    { numRuns: 2_000 },
  );
});
