import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import { type Db, transact } from '../../db/open.ts';
import { type Budget, periodEnd, periodStart, reached } from './budget-model.ts';
import { insertBudget } from './budget-store.ts';
import { Budgets } from './budgets.ts';
import { Lineages } from './lineages.ts';

const NOW = Date.parse('2026-03-31T22:30:00Z');
const DAY_MS = 86_400_000;
const budget = (id: string, more: Partial<Budget> = {}): Budget => ({
  id,
  orgId: 'org',
  keyId: undefined,
  subscription: undefined,
  unit: 'micros',
  limitAmount: 100n,
  period: 'day',
  isHard: true,
  alertPercents: [80, 100],
  createdAt: NOW,
  removedAt: undefined,
  ...more,
});
describe('periods', () => {
  test('begin at midnight UTC, of the day or the month; in all there is one', () => {
    expect(new Date(periodStart('day', NOW)).toISOString()).toBe('2026-03-31T00:00:00.000Z');
    expect(new Date(periodStart('month', NOW)).toISOString()).toBe('2026-03-01T00:00:00.000Z');
    expect(new Date(periodEnd('month', NOW) ?? 0).toISOString()).toBe('2026-04-01T00:00:00.000Z');
    expect([periodStart('total', NOW), periodEnd('total', NOW)]).toEqual([0, undefined]);
  });

  test('nothing used has come to no share, not even of nothing', () => {
    expect(reached({ limitAmount: 0n, alertPercents: [80, 100] }, 0n)).toEqual([]);
    expect(reached({ limitAmount: 3n, alertPercents: [100, 50, 34] }, 1n)).toEqual([]);
    expect(reached({ limitAmount: 3n, alertPercents: [100, 50, 34] }, 2n)).toEqual([34, 50]);
  });
});

describe.each(DATABASES)('counting on %s', (_name, open) => {
  let database: TestDatabase;
  let db: Db;
  let lineages: Lineages;
  let budgets: Budgets;
  beforeEach(async () => {
    database = await open();
    ({ db } = database);
    lineages = new Lineages();
    budgets = new Budgets(lineages);
  });
  afterEach(() => database[Symbol.asyncDispose]());

  const add = (...all: Budget[]) =>
    transact(db, async (tx) => {
      for (const one of all) await insertBudget(tx, one);
    });
  const room = async (...ids: string[]) => (await transact(db, (tx) => budgets.room(tx, ids, NOW))).map(({ roomAmount }) => roomAmount);
  const take = (amount: bigint, ids: string[], now = NOW) => transact(db, (tx) => budgets.take(tx, ids, amount, now));
  const spend = (id: string, usedAmount: bigint, releasedAmount: bigint) =>
    transact(db, (tx) => budgets.spend(tx, [{ id, start: periodStart('day', NOW) }], { usedAmount, releasedAmount }));

  test('M26: those who race for a budget never take more than it has', async () => {
    await add(budget('a'), budget('b', { limitAmount: 1_000n }));
    const taken = await Promise.allSettled(Array.from({ length: 20 }, () => take(15n, ['a', 'b'])));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
    // Who was refused by one has taken nothing of the other.
    expect(await room('a', 'b')).toEqual([10n, 910n]);
  });

  test('who is refused is told by which, and by a quota otherwise than by a budget', async () => {
    await add(budget('a'), budget('q', { unit: 'requests', limitAmount: 2n, subscription: 'sub' }));
    await expect(take(101n, ['a'])).rejects.toMatchObject({ kind: 'payment_required', code: 'budget_exceeded', message: expect.stringContaining('a') as string });
    await expect(take(3n, ['q'])).rejects.toMatchObject({ kind: 'payment_required', code: 'quota_exceeded', message: expect.stringContaining('2 requests a day') as string });
    await expect(take(1n, ['nobody'])).rejects.toMatchObject({ code: 'budget_not_found' });
  });

  test('what is used stays, what is released returns, and the next period has all of it', async () => {
    await add(budget('a'));
    await take(60n, ['a']);
    await spend('a', 20n, 20n);
    expect(await room('a')).toEqual([40n]);
    await transact(db, (tx) => budgets.release(tx, [{ id: 'a', start: periodStart('day', NOW) }], 40n));
    expect(await room('a')).toEqual([80n]);
    const [tomorrow] = await take(100n, ['a'], NOW + DAY_MS);
    expect(tomorrow?.start).toBe(periodStart('day', NOW) + DAY_MS);
  });

  test('each share of the limit is told of once in a period, though it be passed by more than one charge', async () => {
    await add(budget('a'));
    expect(await spend('a', 79n, 0n)).toEqual([]);
    expect(await spend('a', 1n, 0n)).toEqual([{ budget: 'a', orgId: 'org', percent: 80 }]);
    expect(await spend('a', 1n, 0n)).toEqual([]);
    expect(await spend('a', 100n, 0n)).toEqual([{ budget: 'a', orgId: 'org', percent: 100 }]);
    expect(await room('a')).toEqual([0n]);
  });

  test('a budget that was removed holds no more', async () => {
    await add(budget('a', { removedAt: NOW }));
    expect(await take(1_000n, ['a'])).toEqual([]);
    expect(await room('a')).toEqual([]);
  });

  test('budgets that only alert are found for their organisation, their key, and the key that it was rotated to', async () => {
    await add(
      budget('hard'),
      budget('org-wide', { isHard: false }),
      budget('key', { isHard: false, keyId: 'k1', period: 'month' }),
      budget('other', { isHard: false, orgId: 'other' }),
    );
    const found = async (keyId: string) => (await transact(db, (tx) => budgets.alertingFor(tx, { orgId: 'org', keyId }, NOW))).map(({ id }) => id);
    expect(await found('k1')).toEqual(['key', 'org-wide']);
    expect(await found('k2')).toEqual(['org-wide']);
    lineages.replaced('k1', 'k2');
    lineages.replaced('k2', 'k3');
    expect(await found('k3')).toEqual(['key', 'org-wide']);
  });
});
