import { bigInt, integer, property, assert } from 'fast-check';
import { expect, test } from 'vitest';
import { splitOf } from './model.ts';

test('M30: publisher, platform and tax are the charge exactly, and what is left over in dividing is the platform’s', () => {
  assert(
    property(bigInt({ min: 0n, max: 10n ** 24n }), integer({ min: 0, max: 10_000 }), bigInt({ min: 0n, max: 10n ** 24n }), (charge, basisPoints, tax) => {
      const { publisherMicros, platformMicros, taxMicros } = splitOf(charge + tax, 'p', basisPoints, tax);
      expect(publisherMicros + platformMicros + taxMicros).toBe(charge + tax);
      const exact = charge * BigInt(basisPoints);
      expect(publisherMicros * 10_000n <= exact && exact - publisherMicros * 10_000n < 10_000n).toBe(true);
      expect(publisherMicros >= 0n && platformMicros >= 0n).toBe(true);
    }),
    { numRuns: 10_000 },
  );
});

test('a share that is none is refused', () => {
  for (const share of [-1, 10_001, 0.5, Number.NaN]) expect(() => splitOf(100n, 'p', share)).toThrow('basis points');
  expect(() => splitOf(-1n, 'p', 0)).toThrow("can't be shared");
  expect(() => splitOf(1n, 'p', 0, 2n)).toThrow("can't be shared");
});
