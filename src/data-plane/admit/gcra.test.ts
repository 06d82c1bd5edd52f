import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimit } from './gcra.ts';

test('C42: the whole limit may come at once; then one unit each interval', () => {
  const limit = new RateLimit(3);
  expect([0, 1, 2].map(() => limit.take(1, 0).ok)).toEqual([true, true, true]);
  expect(limit.take(1, 0)).toEqual({ ok: false, waitMs: 20_000 });
  expect(limit.take(1, 19_999).ok).toBe(false);
  expect(limit.take(1, 20_000).ok).toBe(true);
  expect(limit.take(1, 20_000).ok).toBe(false);
});

test('what is left and when all is there again', () => {
  const limit = new RateLimit(60);
  expect([limit.remaining(0), limit.resetMs(0)]).toEqual([60, 0]);
  limit.take(30, 0);
  expect([limit.remaining(0), limit.resetMs(0)]).toEqual([30, 30_000]);
  expect([limit.remaining(10_000), limit.resetMs(10_000)]).toEqual([40, 20_000]);
  expect(limit.remaining(90_000)).toBe(60);
});

test('M42: a hold is corrected by what was used: the rest comes back, more than held is a debt', () => {
  const limit = new RateLimit(100);
  expect(limit.take(80, 0).ok).toBe(true);
  limit.correct(80, 10);
  expect(limit.remaining(0)).toBe(90);
  expect(limit.take(90, 0).ok).toBe(true);
  limit.correct(90, 150);
  expect(limit.remaining(0)).toBe(0);
  // 160 used of 100 a minute: 60 too many are waited for.
  expect(limit.take(1, 35_000).ok).toBe(false);
  expect(limit.take(1, 37_000).ok).toBe(true);
});

test('more than the limit counts as the whole of it: it goes alone', () => {
  const limit = new RateLimit(10);
  expect(limit.take(1_000, 0).ok).toBe(true);
  expect(limit.take(1, 0).ok).toBe(false);
  expect(limit.take(1_000, 59_999).ok).toBe(false);
  expect(limit.take(1_000, 60_000).ok).toBe(true);
});

test('M42: whatever comes, no more is granted than one limit and what time refills; a refusal costs nothing and tells the exact wait', () => {
  const arrivals = fc.array(fc.record({ units: fc.integer({ min: 1, max: 50 }), afterMs: fc.integer({ min: 0, max: 20_000 }) }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 500 }), arrivals, (size, steps) => {
      const limit = new RateLimit(size);
      let now = 0;
      let granted = 0;
      for (const { units, afterMs } of steps) {
        now += afterMs;
        const before = limit.remaining(now);
        const { ok, waitMs } = limit.take(units, now);
        if (ok) granted += units;
        else {
          expect(limit.remaining(now)).toBe(before);
          expect(waitMs).toBeGreaterThan(0);
        }
        expect(granted).toBeLessThanOrEqual(size + (now * size) / 60_000 + 1e-6);
        if (!ok) {
          now += waitMs;
          expect(limit.take(units, now).ok).toBe(true);
          granted += units;
        }
      }
    }),
  );
});
