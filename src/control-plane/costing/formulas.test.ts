import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allocationShares,
  apportion,
  breakEvenUtilisation,
  capitalRecoveryFactor,
  costPer,
  hardwareCostPerHour,
  powerCostPerHour,
  powerKilowatts,
  presentValue,
  resourceShares,
  sharesOf,
  workload,
} from './formulas.ts';

test('the capital recovery factor pays a loan back with interest, and is 1/n without', () => {
  // Engineering economics tables: (A/P, 10 %, 5) = 0.2638.
  expect(capitalRecoveryFactor(0.1, 5)).toBeCloseTo(0.2638, 4);
  expect(capitalRecoveryFactor(0, 4)).toBe(0.25);
  const paid = Array.from({ length: 5 }, (_, year) => presentValue(capitalRecoveryFactor(0.1, 5) * 1_000, 0.1, year + 1)).reduce((sum, one) => sum + one, 0);
  expect(paid).toBeCloseTo(1_000, 9);
});

test('a machine costs its annuity, support and space; power is a line from idle to full, with what the site adds', () => {
  const hardware = { price: 8_760, lifetimeYears: 4, residualShare: 0, interestPerYear: 0, supportPerYear: 876, spacePerYear: 0 };
  expect(hardwareCostPerHour(hardware)).toBeCloseTo(0.25 + 0.1, 12);
  // A machine that keeps its price costs the interest on it.
  expect(hardwareCostPerHour({ ...hardware, residualShare: 1, interestPerYear: 0.1, supportPerYear: 0 })).toBeCloseTo((8_760 * 0.1) / 8_760, 12);
  const power = { idleKilowatts: 0.1, fullKilowatts: 0.5 };
  expect([0, 0.25, 1, 7].map((utilisation) => powerKilowatts(power, utilisation))).toEqual([0.1, 0.2, 0.5, 0.5]);
  expect(powerCostPerHour(0.2, { pue: 1.5, pricePerKilowattHour: 0.3 })).toBeCloseTo(0.09, 12);
});

test('a workload is the greater of request and use; more than there is is cut to size, less leaves idle', () => {
  expect([workload(2, 1), workload(1, 2)]).toEqual([2, 2]);
  expect(allocationShares([1, 2], 4)).toEqual([0.25, 0.5]);
  expect(allocationShares([3, 5], 4)).toEqual([3 / 8, 5 / 8]);
  expect(allocationShares([0], 0)).toEqual([0]);
  const split = resourceShares({ cpu: 4, memory: 16, gpu: 0 }, { cpu: 0.03, memory: 0.0075, gpu: 1 });
  expect(split).toEqual({ cpu: 0.5, memory: 0.5, gpu: 0 });
});

test('a common cost is shared in proportion, evenly among those that have a weight, or not at all', () => {
  expect(sharesOf('proportional', [3, 0, 1])).toEqual([0.75, 0, 0.25]);
  expect(sharesOf('even', [3, 0, 1])).toEqual([0.5, 0, 0.5]);
  expect(sharesOf('none', [3, 0, 1])).toEqual([0, 0, 0]);
  expect(sharesOf('proportional', [0, 0])).toEqual([0, 0]);
});

test('unit costs are whole and round half up; without units there are none', () => {
  expect(costPer(1_000_000n, 3, 1_000)).toBe(333_333_333n);
  expect(costPer(1n, 2, 1)).toBe(1n);
  expect(costPer(5n, 0, 1)).toBeUndefined();
});

test('break-even: a machine of 2 an hour that makes 10 units of 0.5 at full use must be used for 40 % of its time', () => {
  expect(breakEvenUtilisation({ costPerHour: 2, pricePerUnit: 0.5, unitsPerHourAtFullUse: 10 })).toBeCloseTo(0.4, 12);
});

test('largest remainders: units that are left go to who was cut most, the first of equals first', () => {
  expect(apportion(10n, [1, 1, 1])).toEqual([4n, 3n, 3n]);
  expect(apportion(100n, [0.5, 0.004, 0.496])).toEqual([50n, 0n, 50n]);
  expect(apportion(3n, [0, 0])).toEqual([2n, 1n]);
  expect(apportion(3n, [])).toEqual([]);
  expect(() => apportion(1n, [Number.NaN])).toThrow(RangeError);
  expect(() => apportion(-1n, [1])).toThrow(RangeError);
});

test('Q9: whatever the weights, parts add up to the unit, none is off by a whole unit, and no weight means no part', () => {
  const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e15, noNaN: true }), fc.double({ min: 0, max: 1e-9, noNaN: true }));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.array(weight, { minLength: 1, maxLength: 40 }), (total, weights) => {
      const parts = apportion(total, weights);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(total);
      const sum = weights.reduce((all, one) => all + one, 0);
      if (sum === 0) return;
      for (const [index, part] of parts.entries()) {
        const quota = (Number(total) * (weights[index] ?? 0)) / sum;
        expect(Math.abs(Number(part) - quota)).toBeLessThanOrEqual(1 + Number(total) * 1e-12);
      }
    }),
  );
});
