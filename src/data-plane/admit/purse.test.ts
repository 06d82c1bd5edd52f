import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import type { Fault } from '../../contract/errors.ts';
import { type Hold, Purse } from './purse.ts';
import { PlainWallet } from './testing.ts';

const HOUR = 3_600_000;
let clock: FakeClock;
let problems: unknown[];
beforeEach(() => {
  clock = new FakeClock();
  problems = [];
});
const purseOf = (wallet: PlainWallet) =>
  new Purse({ clock, source: wallet, of: { orgId: 'org', unit: 'micros', budgets: [] }, waitMs: 250, problem: (error) => void problems.push(error) });
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** The code of a refusal; undefined: it was held. */
const refusalOf = async (hold: Hold | Promise<Hold>): Promise<string | undefined> => {
  try {
    await hold;
    return undefined;
  } catch (error) {
    return (error as Fault).code;
  }
};

describe('a purse', () => {
  test('M2: of 50 calls at once that hold 100 each, ten are let through by a wallet of 1,000, and 40 are refused', async () => {
    const wallet = new PlainWallet(1_000n);
    const purse = purseOf(wallet);
    const codes = await Promise.all(Array.from({ length: 50 }, () => refusalOf(purse.hold(100n))));
    expect(codes.filter((code) => code === undefined)).toHaveLength(10);
    expect(codes.filter((code) => code === 'insufficient_quota')).toHaveLength(40);
    expect(wallet.available).toBe(0n);
  });

  test('what a call did not use is there for the next, also together with what the wallet still has', async () => {
    const wallet = new PlainWallet(140n);
    const purse = purseOf(wallet);
    (await purse.hold(100n)).settle(40n, true);
    expect(await refusalOf(purse.hold(100n))).toBeUndefined();
    expect(wallet.orders.map(({ lease, leastAmount }) => [lease, leastAmount])).toEqual([
      [undefined, 100n],
      ['lease_0', 40n],
    ]);
  });

  test('M3: a rich wallet is held against all the same, but asked seldom', async () => {
    const wallet = new PlainWallet(10n ** 9n);
    const purse = purseOf(wallet);
    await purse.hold(100n);
    const held = Array.from({ length: 1_000 }, () => purse.hold(100n));
    for (const hold of held) await hold;
    expect(wallet.orders.length).toBeLessThan(12);
    expect(10n ** 9n - wallet.available).toBeGreaterThanOrEqual(100_100n);
  });

  test('M9: a call that used more than it held leaves the next less', async () => {
    const wallet = new PlainWallet(200n);
    const purse = purseOf(wallet);
    (await purse.hold(100n)).settle(150n, true);
    expect(await refusalOf(purse.hold(60n))).toBe('insufficient_quota');
    expect(await refusalOf(purse.hold(50n))).toBeUndefined();
  });

  test('M24: a database that does not answer is waited for 250 ms, and one that is down is told at once', async () => {
    const wallet = new PlainWallet(1_000n);
    const purse = purseOf(wallet);
    const answer = Promise.withResolvers<void>();
    wallet.answers = answer.promise;
    const refused = refusalOf(purse.hold(100n));
    await clock.advance(249);
    const still = await Promise.race([refused, Promise.resolve('waits')]);
    await clock.advance(1);
    expect([still, await refused]).toEqual(['waits', 'credit_unavailable']);
    answer.resolve();
    await clock.advance(0);
    // What came late is there for the next call.
    expect(await refusalOf(purse.hold(100n))).toBeUndefined();
    wallet.isDown = true;
    expect(await refusalOf(purse.hold(900n))).toBe('credit_unavailable');
    expect(problems).toHaveLength(1);
  });

  test('gives back what nobody uses, once its records are posted', async () => {
    const wallet = new PlainWallet(1_000n);
    const purse = purseOf(wallet);
    const hold = await purse.hold(100n);
    expect(purse.sweep(clock.monotonic() + 1)).toBe(false);
    hold.settle(40n, true);
    purse.sweep(clock.monotonic() + 1);
    expect(wallet.available).toBe(900n);
    wallet.spend(hold.lease, 40n);
    purse.posted(hold.lease, 1);
    await purse.close();
    expect([wallet.available, purse.sweep(0)]).toEqual([960n, true]);
  });

  test("a lease whose budget's period has ended holds nothing more", async () => {
    const wallet = new PlainWallet(10n ** 6n);
    wallet.until = clock.now() + 1_000;
    const purse = purseOf(wallet);
    const before = await purse.hold(100n);
    await clock.advance(1_000);
    wallet.until = undefined;
    const after = await purse.hold(100n);
    expect(after.lease).not.toBe(before.lease);
    before.settle(0n, false);
    await purse.close();
    expect(wallet.leased.get(before.lease)).toBe(0n);
  });

  test('M43: a wall clock that steps lets nobody wait longer or shorter, ends no hold, and gives no lease back', async () => {
    const wallet = new PlainWallet(10n ** 6n);
    const purse = purseOf(wallet);
    const hold = await purse.hold(100n);
    const lastUsed = clock.monotonic();
    const answer = Promise.withResolvers<void>();
    wallet.answers = answer.promise;
    const refused = refusalOf(purse.hold(100_000n));
    for (const ms of [-HOUR, 3 * HOUR, -HOUR]) {
      clock.step(ms);
      expect(purse.sweep(lastUsed - 1)).toBe(false);
    }
    await clock.advance(249);
    const still = await Promise.race([refused, Promise.resolve('waits')]);
    await clock.advance(1);
    expect([still, await refused]).toEqual(['waits', 'credit_unavailable']);
    answer.resolve();
    await turn();
    hold.settle(40n, true);
    expect((await purse.hold(100n)).lease).toBe(hold.lease);
    expect(wallet.available + (wallet.leased.get(hold.lease) ?? 0n)).toBe(10n ** 6n);
  });

  test('M25: a lease that is answered by another, because its period turned meanwhile, is given back like any other', async () => {
    const wallet = new PlainWallet(10n ** 6n);
    const purse = purseOf(wallet);
    const before = await purse.hold(100n);
    wallet.answersAnew = true;
    const after = await purse.hold(100_000n);
    expect(after.lease).not.toBe(before.lease);
    for (const hold of [before, after]) hold.settle(0n, false);
    await purse.close();
    expect(wallet.available).toBe(10n ** 6n);
  });

  test('M25: what could not be given back stays in mind until it is', async () => {
    const wallet = new PlainWallet(10n ** 6n);
    const purse = purseOf(wallet);
    (await purse.hold(100n)).settle(0n, false);
    await turn();
    wallet.isDown = true;
    expect(purse.sweep(Number.POSITIVE_INFINITY)).toBe(false);
    await turn();
    wallet.isDown = false;
    expect(purse.sweep(Number.POSITIVE_INFINITY)).toBe(false);
    await turn();
    expect([wallet.available, purse.sweep(Number.POSITIVE_INFINITY), problems.length]).toEqual([10n ** 6n, true, 1]);
  });

  test('M26: however calls come and whatever they use of what they held, purses together never hold more than there is', async () => {
    const call = fc.record({ purse: fc.nat(2), amount: fc.bigInt(1n, 300n), usedPart: fc.integer({ min: 0, max: 100 }), waits: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.bigInt(0n, 3_000n), fc.array(call, { maxLength: 60 }), async (balance, calls) => {
        const wallet = new PlainWallet(balance);
        const purses = [purseOf(wallet), purseOf(wallet), purseOf(wallet)];
        const open: { hold: Hold; amount: bigint; usedPart: number }[] = [];
        let spent = 0n;
        const settle = ({ hold, amount, usedPart }: (typeof open)[number]) => {
          const used = (amount * BigInt(usedPart)) / 100n;
          spent += used;
          hold.settle(used, true);
        };
        for (const { purse, amount, usedPart, waits } of calls) {
          const hold = await Promise.resolve(purses[purse]?.hold(amount)).catch(() => undefined);
          if (hold) open.push({ hold, amount, usedPart });
          expect(open.reduce((sum, one) => sum + one.amount, spent)).toBeLessThanOrEqual(balance);
          if (!waits) open.splice(0).forEach(settle);
        }
        open.splice(0).forEach(settle);
        expect(spent).toBeLessThanOrEqual(balance);
      }),
    );
  });
});
