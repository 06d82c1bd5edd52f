import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { createRunningCalls } from './running-calls.ts';

test('S19: a call that has not ended long after its deadline or its cancel is a hang; one that ends, however late, and one that computes for long are none', async () => {
  const clock = new FakeClock();
  const hung: string[] = [];
  const calls = createRunningCalls(clock, (id) => hung.push(id));
  calls.begin('long', 600_000);
  const late = calls.begin('late', 1_000);
  calls.begin('past', 2_000);
  const left = calls.begin('left', undefined);
  left.abort();
  await clock.advance(29_000);
  expect(hung).toEqual([]);
  late.end();
  await clock.advance(1_000);
  expect(hung).toEqual(['left']);
  await clock.advance(2_000);
  expect(hung).toEqual(['left', 'past']);
  await clock.advance(500_000);
  expect(hung).toEqual(['left', 'past']);
});
