import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeLines, chargeOf, NO_QUANTITIES, PRICE_UNITS, type PriceUnit, quantitiesOf, type Rates, readRates, writeRates } from './price.ts';

const USED = {
  status: 'ok',
  promptTokens: 1_000,
  cachedTokens: 400,
  completionTokens: 50,
  rows: 0,
  requestBytes: 3_000,
  responseBytes: 700,
  durationMs: 250.2,
  stages: { queue: 50 },
} as const;

describe('a charge', () => {
  test('is each quantity by its rate, added up exactly and rounded up once', () => {
    const rates: Rates = { input_tokens: 150_000n, cached_tokens: 75_000n, output_tokens: 600_000n };
    // 600 · 0.15 + 400 · 0.075 + 50 · 0.6 = 90 + 30 + 30 micro-units.
    expect(chargeOf(rates, quantitiesOf(USED))).toBe(150n);
    expect(chargeOf({ input_tokens: 1n }, quantitiesOf(USED))).toBe(1n);
    expect(chargeOf({ requests: 2_500n, compute_ms: 3_600_000n, bytes: 1_000_000_000n }, quantitiesOf(USED))).toBe(3n + 201n + 3_700n);
    expect(chargeLines(rates, quantitiesOf(USED)).map(({ unit, quantity }) => [unit, quantity])).toEqual([
      ['input_tokens', 600],
      ['cached_tokens', 400],
      ['output_tokens', 50],
    ]);
  });

  test('M17: what ended badly and brought nothing is free in every unit; what was sent before is not', () => {
    expect(quantitiesOf({ ...USED, status: 'failed', completionTokens: 0 })).toBe(NO_QUANTITIES);
    expect(quantitiesOf({ ...USED, status: 'cancelled', completionTokens: 0, promptTokens: 0 })).toBe(NO_QUANTITIES);
    expect(quantitiesOf({ ...USED, status: 'cancelled', completionTokens: 0 }).input_tokens).toBe(600);
    expect(quantitiesOf({ ...USED, status: 'cancelled' }).requests).toBe(1);
  });

  test('M29: is exact beyond what a floating-point number holds, and never negative', () => {
    const units = fc.constantFrom(...(Object.keys(PRICE_UNITS) as PriceUnit[]));
    const some = fc.dictionary(units, fc.record({ rate: fc.bigInt(0n, 10n ** 15n), quantity: fc.maxSafeNat() }));
    fc.assert(
      fc.property(some, (priced) => {
        const rates = Object.fromEntries(Object.entries(priced).map(([unit, { rate }]) => [unit, rate])) as Rates;
        const quantities = { ...NO_QUANTITIES, ...Object.fromEntries(Object.entries(priced).map(([unit, { quantity }]) => [unit, quantity])) };
        const charge = chargeOf(rates, quantities);
        // Held against each unit alone: together they are rounded up once, alone each.
        const alone = Object.keys(priced).map((unit) => chargeOf(rates, { ...NO_QUANTITIES, [unit]: quantities[unit as PriceUnit] }));
        const sum = alone.reduce((total, part) => total + part, 0n);
        const [slack] = [BigInt(alone.length)];
        const cachedByInput = rates.cached_tokens === undefined && rates.input_tokens !== undefined;
        if (!cachedByInput) expect(charge <= sum && charge >= sum - slack && charge >= 0n).toBe(true);
      }),
    );
  });
});

describe('M27: rates', () => {
  test('are read as they were written', () => {
    const rates: Rates = { input_tokens: 150_000n, rows: 0n };
    expect(readRates(JSON.parse(JSON.stringify(writeRates(rates))))).toEqual(rates);
  });

  test.each([
    null,
    5,
    [],
    { tokens: '1' },
    { rows: 5 },
    { rows: '-5' },
    { rows: 'NaN' },
    { rows: '1.5' },
    { rows: '99999999999999999' },
    { cached_tokens: '5', input_tokens: '4' },
  ])('that are malformed are none, not 0: %j', (written) => expect(readRates(written)).toBeUndefined());
});
