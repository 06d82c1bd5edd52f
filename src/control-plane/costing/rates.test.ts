import { expect, test } from 'vitest';
import { parseConfigFile } from '../../app/config-file.ts';
import { resolveRates } from './rates.ts';

test('every rate has a documented default and says whether it is one', () => {
  const { rates, list } = resolveRates(parseConfigFile('costing:\n  currency: EUR\n  hardware:\n    price: 12000\n').costing);
  expect(list.filter(({ source }) => source === 'configured').map(({ name, value }) => [name, value])).toEqual([
    ['currency', 'EUR'],
    ['hardware.price', 12_000],
  ]);
  expect(list.every(({ description }) => description.length > 5)).toBe(true);
  expect(list.length).toBe(20);
  expect(rates.hardware).toEqual({ price: 12_000, lifetimeYears: 4, residualShare: 0, interestPerYear: 0.05, supportPerYear: 0, spacePerYear: 0 });
  expect(rates.maintenance).toEqual({ hoursPerMonth: 0, hourlyRate: 0, licencesPerMonth: 0 });
});

test('a rate that is misspelt, out of bounds or contradicts another is refused by its name', () => {
  expect(() => parseConfigFile('costing:\n  hardware:\n    cost: 1')).toThrow('costing.hardware.cost');
  expect(() => parseConfigFile('costing:\n  power:\n    pue: 0.9')).toThrow('costing.power.pue');
  expect(() => parseConfigFile('costing:\n  idle: some')).toThrow(/costing\.idle.*proportional/);
  expect(() => resolveRates({ power: { fullKilowatts: 0.01 } })).toThrow(/costing\.power\.fullKilowatts.*at least/);
});
