import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { type Db, openDatabase, transact } from '../../db/open.ts';
import { splitOf } from './model.ts';
import { type ChargeOrder, Ledger } from './service.ts';

const HOUR = 3_600_000;
let db: Db;
let clock: FakeClock;
let ledger: Ledger;
beforeEach(async () => {
  db = await openDatabase(':memory:');
  clock = new FakeClock();
  ledger = new Ledger(db, clock);
});
afterEach(async () => {
  const { faults } = await ledger.check();
  await db.destroy();
  if (faults.length > 0) throw new Error(faults.join('\n'));
});

const credit = (id: string, amountMicros: bigint, more: { priority?: number; expiresAt?: number; isPaid?: boolean } = {}) =>
  ledger.credit({ id, orgId: 'acme', amountMicros, priority: more.priority ?? 2, expiresAt: more.expiresAt, note: '', isPaid: more.isPaid ?? true });
const lease = (id: string, wantedMicros: bigint) => ledger.lease({ id, orgId: 'acme', gateway: 'g', epoch: 1, wantedMicros });
const charge = (id: string, from: string, amount: bigint, basisPoints = 8_000): ChargeOrder => ({
  id,
  orgId: 'acme',
  lease: from,
  split: splitOf(amount, 'publisher', basisPoints),
});
const settle = (...charges: ChargeOrder[]) => transact(db, (tx) => ledger.settle(tx, charges));
const available = async () => (await ledger.wallet('acme')).map(({ id, balanceMicros }) => [id, balanceMicros]);
const balance = async (account: string) => (await ledger.balances(account)).get(account) ?? 0n;

describe('a lease', () => {
  test('M1: of many that want all there is, together they get all there is and no more', async () => {
    await credit('paid', 1_000n);
    const got = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        lease(`l${index}`, 100n).then(
          ({ amountMicros }) => amountMicros,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(got.filter((amount) => amount === 100n).length).toBe(10);
    expect(got.filter((code) => code === 'insufficient_quota').length).toBe(50);
    expect(await available()).toEqual([]);
  });

  test('M34: promotional credit is spent before what was paid, then who expires first, then by id', async () => {
    const now = clock.now();
    await credit('paid', 100n, { priority: 2 });
    await credit('late', 100n, { priority: 1, expiresAt: now + 2 * HOUR, isPaid: false });
    await credit('soon', 100n, { priority: 1, expiresAt: now + HOUR, isPaid: false });
    await lease('l', 250n);
    expect(await ledger.balances('leased/l/')).toEqual(
      new Map([
        ['leased/l/late', 100n],
        ['leased/l/paid', 50n],
        ['leased/l/soon', 100n],
      ]),
    );
    await settle(charge('req_1', 'l', 150n));
    expect(await ledger.balances('leased/l/')).toEqual(
      new Map([
        ['leased/l/late', 50n],
        ['leased/l/paid', 50n],
        ['leased/l/soon', 0n],
      ]),
    );
    await ledger.close('l');
    expect(await available()).toEqual([
      ['late', 50n],
      ['paid', 100n],
    ]);
  });

  test('what it does not spend goes back where it came from, once', async () => {
    await credit('paid', 100n);
    await lease('l', 80n);
    await settle(charge('req_1', 'l', 30n));
    await ledger.close('l');
    await ledger.close('l');
    expect(await available()).toEqual([['paid', 70n]]);
    await expect(ledger.close('none')).rejects.toMatchObject({ code: 'lease_not_found' });
  });

  test('M33: credit expires on the minute, what a lease holds is still spent, and what it returns after that is lost', async () => {
    await credit('promo', 100n, { expiresAt: clock.now() + HOUR, isPaid: false });
    await lease('l', 40n);
    await clock.advance(HOUR - 1);
    expect(await available()).toEqual([['promo', 60n]]);
    await clock.advance(1);
    expect(await available()).toEqual([]);
    expect(await ledger.expire()).toBe(1);
    expect(await ledger.expire()).toBe(0);
    await settle(charge('req_1', 'l', 30n));
    await ledger.close('l');
    expect([await balance('breakage'), await balance('wallet/acme/promo')]).toEqual([70n, 0n]);
  });
});

describe('a charge', () => {
  test('M8: the same request is charged once, also when it comes twice at once', async () => {
    await credit('paid', 100n);
    await lease('l', 100n);
    const results = await Promise.all([settle(charge('req_1', 'l', 37n)), settle(charge('req_1', 'l', 37n)), settle(charge('req_1', 'l', 37n), charge('req_1', 'l', 37n))]);
    expect(results.map((fresh) => fresh.size).toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
    expect(await balance('leased/l/paid')).toBe(63n);
  });

  test('M9: beyond its lease the wallet pays, and what neither has is owed, in the open', async () => {
    await credit('paid', 150n);
    await lease('l', 100n);
    await settle(charge('req_1', 'l', 170n));
    expect([await balance('leased/l/paid'), await balance('wallet/acme/paid'), await balance('receivable/acme')]).toEqual([0n, 0n, -20n]);
    expect(await balance('payable/publisher')).toBe(136n);
  });

  test('M11: a record that comes after its lease was given back is charged all the same, once', async () => {
    await credit('paid', 100n);
    await lease('l', 50n);
    await ledger.close('l', 'abandoned');
    await settle(charge('req_late', 'l', 30n));
    await settle(charge('req_late', 'l', 30n));
    expect(await available()).toEqual([['paid', 70n]]);
  });

  test('M31: a part is given back by those who had it, and never more than was charged', async () => {
    await credit('paid', 1_000n);
    await lease('l', 1_000n);
    await settle(charge('req_1', 'l', 1_000n, 8_000));
    const back = (id: string, amount: bigint) => ledger.refund({ id, of: 'req_1', split: splitOf(amount, 'publisher', 8_000) });
    await back('ref_1', 400n);
    await back('ref_1', 400n);
    expect([await balance('payable/publisher'), await balance('revenue'), await balance('wallet/acme/ref_1')]).toEqual([480n, 120n, 400n]);
    await expect(back('ref_2', 601n)).rejects.toMatchObject({ code: 'refund_too_large' });
    await back('ref_3', 600n);
    await expect(ledger.refund({ id: 'ref_4', of: 'req_none', split: splitOf(1n, 'publisher', 0) })).rejects.toMatchObject({ code: 'transaction_not_found' });
  });

  test('a publisher is paid out what it has earned, and no more', async () => {
    await credit('paid', 100n);
    await lease('l', 100n);
    await settle(charge('req_1', 'l', 100n, 7_000));
    await expect(ledger.payOut({ id: 'out_1', orgId: 'publisher', amountMicros: 71n })).rejects.toMatchObject({ code: 'insufficient_quota' });
    await ledger.payOut({ id: 'out_2', orgId: 'publisher', amountMicros: 70n });
    expect([await balance('payable/publisher'), await balance('cash')]).toEqual([0n, -30n]);
  });
});

describe('the book', () => {
  test('M32: the database refuses to change or remove an entry', async () => {
    await credit('paid', 100n);
    for (const table of ['ledger_entries', 'ledger_transactions']) {
      await expect(sql`UPDATE ${sql.table(table)} SET seq = 7`.execute(db)).rejects.toThrow('immutable');
      await expect(sql`DELETE FROM ${sql.table(table)}`.execute(db)).rejects.toThrow('immutable');
    }
  });

  test('M25: balances made anew are what they were, five times over; one that was tampered with is found and put right', async () => {
    await credit('paid', 100n);
    await lease('l', 60n);
    const before = await ledger.balances('');
    for (let time = 0; time < 5; time++) await ledger.rebuild();
    expect(await ledger.balances('')).toEqual(before);
    await sql`UPDATE ledger_balances SET balance_micros = 41 WHERE account = 'wallet/acme/paid'`.execute(db);
    expect((await ledger.check()).faults).toEqual(['wallet/acme/paid is kept as 41, its entries come to 40']);
    await ledger.rebuild();
  });

  test('an entry that was altered behind the triggers is named by the chain', async () => {
    await credit('paid', 100n);
    await credit('more', 100n);
    await sql`DROP TRIGGER ledger_transactions_no_update`.execute(db);
    await sql`UPDATE ledger_transactions SET org_id = 'evil' WHERE seq = 1`.execute(db);
    expect((await ledger.check()).faults).toEqual(['transaction 1 (credit_paid) is not what its hash says']);
    await sql`UPDATE ledger_transactions SET org_id = 'acme' WHERE seq = 1`.execute(db);
  });
});
