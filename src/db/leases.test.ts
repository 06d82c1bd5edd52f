import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabase } from '../../tests/databases.ts';
import { takeLease } from './leases.ts';

describe.each(DATABASES)('on %s', (_name, open) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const take = (holder: string, now: number, epoch?: number) => takeLease(database.db, { name: 'leader', holder, epoch, now, ttlMs: 100 });

  test('S35: a lease is held by one; it goes on for who has it, to another only when it has expired, and each time with a higher epoch', async () => {
    expect(await take('a', 0)).toBe(1);
    expect(await take('b', 50)).toBeUndefined();
    expect(await take('a', 60, 1)).toBe(1);
    expect(await take('b', 159)).toBeUndefined();
    expect(await take('b', 160)).toBe(2);
    expect(await take('a', 170, 1)).toBeUndefined();
    expect(await take('b', 180)).toBe(3);
    expect(await take('a', 400, 1)).toBe(4);
  });

  test('of many that come at once, one gets it', async () => {
    const epochs = await Promise.all(Array.from({ length: 20 }, (_, index) => take(`holder-${index}`, 10_000)));
    expect(epochs.filter((epoch) => epoch !== undefined)).toEqual([5]);
  });
});
