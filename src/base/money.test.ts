import { assert, bigInt, property } from 'fast-check';
import { expect, test } from 'vitest';
import { formatMicros, parseMicros } from './money.ts';

test('amounts are read and written exactly, to the millionth', () => {
  expect(['12.5', '0.000001', '-3', ' 7 '].map(parseMicros)).toEqual([12_500_000n, 1n, -3_000_000n, 7_000_000n]);
  expect([12_500_000n, 1n, -3_000_000n, 0n, 123_450n].map(formatMicros)).toEqual(['12.50', '0.000001', '-3.00', '0.00', '0.12345']);
  assert(property(bigInt({ min: -(10n ** 23n), max: 10n ** 23n }), (micros) => parseMicros(formatMicros(micros)) === micros));
});

test('what is no amount is none', () => {
  for (const text of ['', '.', '1.', '.5', '1.0000001', '1e3', '1,5', 'NaN', 'Infinity', '0x10', '9'.repeat(19)]) expect(parseMicros(text), text).toBeUndefined();
});
