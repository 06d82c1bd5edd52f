import { describe, expect, test } from 'vitest';
import { FairLine } from './fair-line.ts';

interface Call {
  readonly tenant: string;
  readonly isBackground: boolean;
  readonly ms: number;
}

const call = (tenant: string, ms = 10, isBackground = false): Call => ({ tenant, isBackground, ms });

/** Serves `count` calls, one slot, always the line's first; `refill` adds what each tenant sends. Returns the milliseconds each was served. */
function serve(line: FairLine<Call>, count: number, refill: () => void): Record<string, number> {
  const served: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    refill();
    const [first] = line;
    if (!first) break;
    const charged = line.begin(first);
    line.end(first, first.ms, charged);
    served[first.tenant] = (served[first.tenant] ?? 0) + first.ms;
  }
  return served;
}

describe('a line that is fair to tenants', () => {
  test('within a tenant the oldest goes first', () => {
    const line = new FairLine<Call>();
    const calls = [call('a', 1), call('a', 2), call('a', 3)];
    for (const one of calls) line.add(one);
    expect([...line]).toEqual(calls);
    expect(line.size).toBe(3);
  });

  test('P15: of two backlogged tenants one sends ten times as much: each is served as long', () => {
    const line = new FairLine<Call>();
    const { loud = 0, quiet = 0 } = serve(line, 1_000, () => {
      for (let index = 0; index < 10; index++) line.add(call('loud'));
      line.add(call('quiet'));
    });
    expect(loud / quiet).toBeGreaterThan(0.95);
    expect(loud / quiet).toBeLessThan(1.05);
  });

  test('what counts is the time, not the number: a tenant of long calls gets fewer of them', () => {
    const line = new FairLine<Call>();
    const { long = 0, short = 0 } = serve(line, 2_000, () => {
      line.add(call('long', 100));
      line.add(call('short', 10));
    });
    expect(long / short).toBeGreaterThan(0.9);
    expect(long / short).toBeLessThan(1.1);
  });

  test('who was away is not owed for that time, and who comes new is not let before all that others have had', () => {
    const line = new FairLine<Call>();
    serve(line, 1_000, () => line.add(call('early')));
    const { early = 0, late = 0 } = serve(line, 200, () => {
      line.add(call('early'));
      line.add(call('late'));
    });
    expect(Math.abs(early - late)).toBeLessThanOrEqual(20);
  });

  test('background calls are served when nobody else waits, and fairly among themselves', () => {
    const line = new FairLine<Call>();
    const jobs = [call('a', 10, true), call('b', 10, true)];
    for (const job of jobs) line.add(job);
    const urgent = call('a');
    line.add(urgent);
    expect([...line][0]).toBe(urgent);
    line.delete(urgent);
    expect(line.size).toBe(2);
    expect([...line]).toEqual(jobs);
  });

  test('two thousand tenants that have gone are forgotten', () => {
    const line = new FairLine<Call>();
    for (let index = 0; index < 2_000; index++) {
      const one = call(`tenant-${index}`);
      line.end(one, 1, line.begin(one));
    }
    expect(line.size).toBe(0);
    expect([...line]).toEqual([]);
  });
});
