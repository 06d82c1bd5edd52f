import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../../tests/databases.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { chargeOf, NO_QUANTITIES, type Rates } from '../../contract/price.ts';
import { type Db, transact } from '../../db/open.ts';
import { Pricing } from './index.ts';
import { jumps, rises } from './model.ts';
import { insertVersion } from './store.ts';

describe.each(DATABASES)('on %s', (_name, open) => {
  let database: TestDatabase;
  let db: Db;
  let pricing: Pricing;
  let alarms: [string, string][];
  const fresh = () => new Pricing({ db, clock: new FakeClock(), currency: 'EUR', taxBasisPoints: 1_900, unavailable: (version, reason) => void alarms.push([version, reason]) });
  beforeEach(async () => {
    database = await open();
    ({ db } = database);
    alarms = [];
    pricing = fresh();
  });
  afterEach(() => database[Symbol.asyncDispose]());

  const add = (rates: Rates, more: { isConfirmed?: boolean; planId?: string; publisherBasisPoints?: number } = {}) =>
    transact(db, (tx) => pricing.add(tx, { planId: 'plan', rates, publisher: 'org', publisherBasisPoints: 8_000, createdBy: 'key', isConfirmed: false, ...more }));
  const written = (id: string, rates: string, more: { number?: number; currency?: string; isConfirmed?: boolean } = {}) =>
    transact(db, (tx) =>
      insertVersion(tx, {
        id,
        planId: 'plan',
        number: 2,
        currency: 'EUR',
        rates,
        publisher: 'org',
        publisherBasisPoints: 8_000,
        taxBasisPoints: 0,
        isConfirmed: false,
        createdBy: 'somebody',
        createdAt: 0,
        ...more,
      }),
    );

  test('a version has all that a call is billed by, and is the same after a restart', async () => {
    const { id, number } = await add({ input_tokens: 500_000n });
    expect(number).toBe(1);
    const price = { id, currency: 'EUR', rates: { input_tokens: 500_000n }, publisher: 'org', publisherBasisPoints: 8_000, taxBasisPoints: 1_900 };
    expect(pricing.priceOf(id)).toEqual(price);
    const again = fresh();
    await again.load();
    expect(again.priceOf(id)).toEqual(price);
    expect(alarms).toEqual([]);
  });

  test('the book has one currency: a server that would price in another does not start', async () => {
    await add({ requests: 10n });
    const other = new Pricing({ db, clock: new FakeClock(), currency: 'USD', taxBasisPoints: 0, unavailable: () => undefined });
    await expect(other.load()).rejects.toMatchObject({ code: 'currency_changed' });
  });

  test('M28: a version never changes, nor goes; a new price is a new version, and the same price is none', async () => {
    const first = await add({ requests: 10n });
    expect(await add({ requests: 10n })).toEqual(first);
    const second = await add({ requests: 11n });
    expect([second.number, first.price?.rates, pricing.priceOf(first.id)?.rates]).toEqual([2, { requests: 10n }, { requests: 10n }]);
    await expect(db.updateTable('price_versions').set({ rates: '{}' }).execute()).rejects.toThrow(/immutable/);
    await expect(db.deleteFrom('price_versions').execute()).rejects.toThrow(/immutable/);
  });

  test('M27: a version that is missing or malformed has no price, is told of once, and never costs 0', async () => {
    await add({ requests: 10n });
    const malformed = [
      '',
      'null',
      '[]',
      '{"requests":NaN}',
      '{"requests":"NaN"}',
      '{"requests":"-1"}',
      '{"requests":10}',
      '{"requests":"1e3"}',
      '{"tokens":"1"}',
      '{"requests":"1.5"}',
    ];
    for (const [index, rates] of malformed.entries()) await written(`bad-${index}`, rates, { number: index + 2 });
    await written('bad-currency', '{"requests":"10"}', { number: 50, currency: '€' });
    const again = fresh();
    await again.load();
    const ids = [...malformed.map((_, index) => `bad-${index}`), 'bad-currency', 'missing'];
    for (const id of [...ids, ...ids]) expect(again.priceOf(id), id).toBeUndefined();
    expect(alarms.map(([id]) => id)).toEqual(ids);
    expect(alarms.at(-1)?.[1]).toContain('no such version');
  });

  test('M27: a change beyond ten times, up or down, needs to be confirmed; one that was written without has no price', async () => {
    await add({ input_tokens: 100n, output_tokens: 100n });
    await add({ input_tokens: 1_000n, output_tokens: 10n });
    for (const rates of [
      { input_tokens: 10_001n, output_tokens: 10n },
      { input_tokens: 99n, output_tokens: 10n },
      { input_tokens: 1_000n },
      { input_tokens: 1_000n, output_tokens: 10n, requests: 1n },
    ])
      await expect(add(rates)).rejects.toMatchObject({ code: 'price_jump', kind: 'conflict' });
    const meant = await add({ input_tokens: 10_001n, output_tokens: 10n }, { isConfirmed: true });
    expect(meant.number).toBe(3);
    await written('slip', '{"input_tokens":"1000100"}', { number: 4 });
    const again = fresh();
    await again.load();
    expect([again.priceOf('slip'), again.priceOf(meant.id)?.rates.input_tokens]).toEqual([undefined, 10_001n]);
    // What comes after is held against the newest that had a price.
    expect((await add({ input_tokens: 20_000n, output_tokens: 10n })).number).toBe(5);
  });

  test('cached tokens without a rate of their own count as others do, also when a change is judged', () => {
    expect(jumps({ input_tokens: 100n }, { input_tokens: 100n, cached_tokens: 10n })).toEqual([]);
    expect(jumps({ input_tokens: 100n }, { input_tokens: 100n, cached_tokens: 9n })).toEqual(['cached_tokens']);
    expect(rises({ input_tokens: 100n, cached_tokens: 10n }, { input_tokens: 100n })).toBe(true);
    expect(rises({ input_tokens: 100n, output_tokens: 5n }, { input_tokens: 99n, output_tokens: 5n })).toBe(false);
  });

  test('rates that nobody can charge by are refused', async () => {
    await expect(add({ input_tokens: 1n, cached_tokens: 2n })).rejects.toMatchObject({ kind: 'invalid_argument', param: 'rates' });
    await expect(add({ requests: -1n })).rejects.toMatchObject({ kind: 'invalid_argument' });
    await expect(add({ requests: 10n ** 16n })).rejects.toMatchObject({ kind: 'invalid_argument' });
  });

  test('a version without rates charges nothing, explicitly', async () => {
    const { price } = await add({}, { planId: 'free' });
    expect(price && chargeOf(price.rates, { ...NO_QUANTITIES, requests: 5, output_tokens: 900 })).toBe(0n);
  });

  test('a version that another server has made is known once it is fetched, and what is newest of each plan', async () => {
    const other = fresh();
    const { id } = await transact(db, (tx) =>
      other.add(tx, { planId: 'p2', rates: { rows: 3n }, publisher: 'org', publisherBasisPoints: 0, createdBy: 'key', isConfirmed: false }),
    );
    await pricing.fetch(db, [id, id]);
    expect(pricing.priceOf(id)?.rates).toEqual({ rows: 3n });
    await add({ rows: 1n });
    const newest = await add({ rows: 2n });
    expect(
      (await pricing.newest(db, ['plan', 'p2', 'none']))
        .values()
        .toArray()
        .map((version) => version.id)
        .toSorted(),
    ).toEqual([id, newest.id].toSorted());
  });
});
