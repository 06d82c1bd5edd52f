import fc from 'fast-check';
import { expect, test } from 'vitest';
import { priceFloor } from './price-floor.ts';

const SOLD = { currency: 'USD', totalMicros: 3_000_000n, units: 2_000_000, utilisation: 0.25 };

test('Q10: a price under the computed unit cost warns, with the utilisation from which it pays', () => {
  // 3.00 for 2 million tokens: 1.50 per million. At 1.00 it pays from 0.25 · 1.5.
  expect(priceFloor({ ...SOLD, price: { per: 'million_tokens', micros: 1_000_000n } })).toEqual({
    marginMicros: -500_000n,
    marginShare: -0.5,
    breakEvenUtilisation: 0.375,
    warning: 'Priced at 1.00 USD per million tokens, under its cost of 1.50: it pays from a utilisation of 38 %; it had 25 %.',
  });
  expect(priceFloor({ ...SOLD, price: { per: 'million_tokens', micros: 100_000n } }).warning).toBe(
    'Priced at 0.10 USD per million tokens, under its cost of 1.50: it would not pay at full utilisation either (it had 25 %).',
  );
  expect(priceFloor({ ...SOLD, units: 500, price: { per: 'thousand_calls', micros: 1n } }).warning).toMatch(/^Priced at 0\.000001 USD per 1,000 calls, under its cost of 6\.00/);
});

test('Q10: a price at or above the cost does not warn; neither does one under which nothing was sold', () => {
  expect(priceFloor({ ...SOLD, price: { per: 'million_tokens', micros: 1_500_000n } })).toMatchObject({ marginMicros: 0n, breakEvenUtilisation: 0.25, warning: undefined });
  expect(priceFloor({ ...SOLD, price: { per: 'million_tokens', micros: 6_000_000n } })).toMatchObject({ marginShare: 0.75, warning: undefined });
  expect(priceFloor({ ...SOLD, units: 0, price: { per: 'million_tokens', micros: 1n } })).toMatchObject({ marginMicros: undefined, warning: undefined });
});

test('Q10: free of charge is under any cost, and without a measured utilisation the warning is without one', () => {
  const free = priceFloor({ ...SOLD, utilisation: undefined, price: { per: 'million_tokens', micros: 0n } });
  expect(free).toMatchObject({ marginShare: undefined, breakEvenUtilisation: undefined, warning: 'Priced at 0.00 USD per million tokens, under its cost of 1.50.' });
});

test('Q10: it warns exactly when price times units is less than the cost, and then break-even lies above the utilisation', () => {
  const micros = fc.bigInt({ min: 1n, max: 10n ** 12n });
  fc.assert(
    fc.property(micros, micros, fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (price, totalMicros, units, utilisation) => {
      const { warning, breakEvenUtilisation } = priceFloor({ price: { per: 'thousand_calls', micros: price }, currency: 'USD', totalMicros, units, utilisation });
      const isUnder = price * BigInt(units) < totalMicros * 1_000n;
      expect(warning !== undefined).toBe(isUnder);
      if (isUnder) expect(breakEvenUtilisation).toBeGreaterThanOrEqual(utilisation * (1 - 1e-12));
      else expect(breakEvenUtilisation).toBeLessThanOrEqual(utilisation * (1 + 1e-12));
    }),
  );
});
