import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { type Db, openDatabase, transact } from '../../db/open.ts';
import { splitOf } from './model.ts';
import { type ChargeOrder, Ledger } from './service.ts';

const HOUR = 3_600_000;
const PROCESSES = 6;
const DEBITS = 10;
/** Pools of connections that post at once, and how often. */
const CONNECTIONS = 8;
const ROUNDS = 5;
const DEBIT_PROCESS = join(import.meta.dirname, '../../../tests/db/debit-process.ts');

describe.each(DATABASES)('on %s', (name, open) => {
  let database: TestDatabase;
  let db: Db;
  let clock: FakeClock;
  let ledger: Ledger;
  beforeEach(async () => {
    database = await open();
    ({ db } = database);
    clock = new FakeClock();
    ledger = new Ledger(db, clock);
  });
  afterEach(async () => {
    const { faults } = await ledger.check();
    await database[Symbol.asyncDispose]();
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

  test('M29: what 64 bits do not hold is refused, alone and added up, and leaves nothing behind', async () => {
    const large = { code: 'amount_too_large' };
    await expect(credit('beyond', 10n ** 19n)).rejects.toMatchObject(large);
    await credit('much', 3n * 10n ** 18n);
    await expect(credit('more', 3n * 10n ** 18n)).rejects.toMatchObject(large);
    await expect(settle(charge('endless', 'none', 10n ** 24n))).rejects.toMatchObject(large);
    expect(await available()).toEqual([['much', 3n * 10n ** 18n]]);
    expect(await balance('cash')).toBe(-3n * 10n ** 18n);
  });

  describe('a lease', () => {
    test('of many that want all there is, together they get all there is and no more', async () => {
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

    test('M1: 6 processes with 10 debits of 100 each on a balance of 1,000: 10 are accepted, and nothing is left', async () => {
      await credit('paid', 1_000n);
      const said = await debitByProcesses(database.target);
      expect(said.filter((line) => line === 'got 100').length).toBe(10);
      expect(said.filter((line) => line === 'insufficient_quota').length).toBe(PROCESSES * DEBITS - 10);
      expect(await available()).toEqual([]);
      expect([...(await ledger.balances('')).values()].every((held) => held >= 0n || held === -1_000n)).toBe(true);
    });

    test('M41: many transactions at once, by connections of their own, are one after another in the book', async () => {
      await credit('paid', 10_000n);
      const others = await Promise.all(Array.from({ length: CONNECTIONS }, () => openDatabase(database.target)));
      const ledgers = others.map((other) => new Ledger(other, clock));
      await Promise.all(
        ledgers.map(async (one, index) => {
          for (let round = 0; round < ROUNDS; round++) {
            const id = `l${index}-${round}`;
            await one.lease({ id, orgId: 'acme', gateway: `g${index}`, epoch: 1, wantedMicros: 100n });
            // Each is charged by two of them at once (M8).
            const next = ledgers[(index + 1) % CONNECTIONS] ?? one;
            const settled = await Promise.all(
              [one, next].map((by, of) => transact(others[(index + of) % CONNECTIONS] ?? db, (tx) => by.settle(tx, [charge(`req-${id}`, id, 60n)]))),
            );
            expect(settled.reduce((sum, fresh) => sum + fresh.size, 0)).toBe(1);
            await Promise.all([one.close(id), next.close(id)]);
          }
        }),
      );
      for (const other of others) await other.destroy();
      const spent = 60n * BigInt(CONNECTIONS * ROUNDS);
      expect(await available()).toEqual([['paid', 10_000n - spent]]);
      expect((await ledger.check()).transactions).toBe(1 + 3 * CONNECTIONS * ROUNDS);
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

    test('M9: what is owed is paid first by credit that comes, and nothing is paid twice', async () => {
      await credit('paid', 100n);
      await lease('l', 100n);
      await settle(charge('req_1', 'l', 170n));
      await credit('more', 50n);
      await credit('more', 50n);
      expect([await balance('receivable/acme'), await available()]).toEqual([-20n, []]);
      await credit('last', 30n);
      expect([await balance('receivable/acme'), await available()]).toEqual([0n, [['last', 10n]]]);
      expect((await ledger.check()).faults).toEqual([]);
    });

    test('M10: an id that is known with other amounts is a conflict, and nothing changes', async () => {
      await credit('paid', 100n);
      const before = await ledger.check();
      await expect(credit('paid', 200n)).rejects.toMatchObject({ code: 'transaction_conflict' });
      await lease('l', 100n);
      await ledger.close('l');
      await expect(lease('l', 50n)).rejects.toThrow(/unique/i);
      expect(await available()).toEqual([['paid', 100n]]);
      expect((await ledger.check()).transactions).toBe(before.transactions + 2);
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
      await sql`DROP TRIGGER ledger_transactions_no_update ${sql.raw(name === 'PostgreSQL' ? 'ON ledger_transactions' : '')}`.execute(db);
      await sql`UPDATE ledger_transactions SET org_id = 'evil' WHERE seq = 1`.execute(db);
      expect((await ledger.check()).faults).toEqual(['transaction 1 (credit_paid) is not what its hash says']);
      await sql`UPDATE ledger_transactions SET org_id = 'acme' WHERE seq = 1`.execute(db);
    });
  });
});

/** What processes of their own say to leases that they all ask for at once. */
async function debitByProcesses(target: string): Promise<string[]> {
  const children = Array.from({ length: PROCESSES }, (_, index) => {
    const child = spawn(process.execPath, [DEBIT_PROCESS, target, `p${index}`, String(DEBITS), '100'], { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface(child.stdout), ended: once(child, 'exit') };
  });
  await Promise.all(children.map(({ lines }) => once(lines, 'line')));
  const said: string[] = [];
  for (const { child, lines } of children) {
    lines.on('line', (line) => said.push(line));
    child.stdin.end('go\n');
  }
  const codes = await Promise.all(children.map(({ ended }) => ended));
  expect(codes.map(([code]) => code as unknown)).toEqual(children.map(() => 0));
  return said;
}
