import { expect, test } from 'vitest';
import { readinessOf, type Vitals } from './readiness.ts';

const DAY_MS = 86_400_000;
const well: Vitals = { draining: false, received: true, writable: true, overloaded: false, databaseMs: 0, confirmedMs: 0, feedsAgeMsMax: DAY_MS };
const told = (more: Partial<Vitals>) => {
  const { ready, status, reasons } = readinessOf({ ...well, ...more });
  return [ready, status, reasons.length];
};

test('S22: the truth table of /ready: what alone makes a server unready, and what only degrades it', () => {
  expect(told({})).toEqual([true, 'ready', 0]);
  expect(told({ draining: true })).toEqual([false, 'draining', 1]);
  expect(told({ received: false })).toEqual([false, 'unready', 1]);
  expect(told({ writable: false })).toEqual([false, 'unready', 1]);
  expect(told({ overloaded: true })).toEqual([false, 'unready', 1]);
  expect(told({ confirmedMs: DAY_MS })).toEqual([true, 'ready', 0]);
  expect(told({ confirmedMs: DAY_MS + 1 })).toEqual([false, 'unready', 1]);
  expect(told({ confirmedMs: 60_001, feedsAgeMsMax: 60_000 })).toEqual([false, 'unready', 1]);
  // The server that makes the feeds has nobody to confirm them.
  expect(told({ confirmedMs: undefined })).toEqual([true, 'ready', 0]);
  expect(told({ databaseMs: 5_000 })).toEqual([true, 'ready', 0]);
  expect(told({ databaseMs: 5_001 })).toEqual([true, 'degraded', 1]);
});

test('S22: several reasons are all told, and the worst is the status', () => {
  expect(told({ databaseMs: 9_000, writable: false })).toEqual([false, 'unready', 2]);
  expect(told({ databaseMs: 9_000, writable: false, draining: true })).toEqual([false, 'draining', 3]);
  for (let bits = 0; bits < 32; bits++) {
    const on = (bit: number) => (bits & (1 << bit)) !== 0;
    const vitals = { draining: on(0), received: !on(1), writable: !on(2), overloaded: on(3), ...(on(4) && { confirmedMs: DAY_MS + 1 }) };
    expect(readinessOf({ ...well, ...vitals }).ready).toBe(bits === 0);
    expect(readinessOf({ ...well, ...vitals, databaseMs: 9_000 }).ready).toBe(bits === 0);
  }
});
