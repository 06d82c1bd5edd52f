import { expect, test } from 'vitest';
import { FakeClock } from '../../../../tests/fake-clock.ts';
import { openDatabase } from '../../../db/open.ts';
import { parseAllow } from '../../../egress/allow.ts';
import { Egress } from '../../../egress/egress.ts';
import { ATTEMPTS_MAX, Deliveries } from './deliveries.ts';
import { webhookSecret } from './signing.ts';

/** Deliveries to a receiver that answers as told, at the times of a clock that is driven. */
async function deliveriesTo(answer: () => Promise<number>, random: () => number) {
  const clock = new FakeClock();
  const db = await openDatabase(':memory:');
  const sentAt: number[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const egress = new Egress({
    clock,
    allow: parseAllow([]),
    resolve: async () => ['93.184.215.14'],
    async exchange() {
      sentAt.push(clock.monotonic());
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      const status = await answer();
      atOnce--;
      return { status, headers: {}, body: Buffer.alloc(0), truncated: false };
    },
  });
  const receiver = () => ({ url: 'https://example.com/hook', madeBy: 'tenant' as const, secret: webhookSecret(Buffer.alloc(32, 1), 'a:1') });
  const problems: unknown[] = [];
  const deliveries = new Deliveries({ db, clock, egress, random, receiver, problem: (error) => problems.push(error) });
  const add = () => deliveries.add({ orgId: 'org', ruleId: 'rule', alertId: 'alert', body: '{}' });
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      await clock.advance(Math.min(100, left));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const end = async () => {
    await deliveries.close();
    await db.destroy();
    expect(problems).toEqual([]);
  };
  return { deliveries, add, pass, end, sentAt, most: () => mostAtOnce };
}

test.each([
  ['without luck', () => 0, [1_000, 2_000, 4_000, 8_000]],
  ['with all of it', () => 1, [2_000, 4_000, 8_000, 16_000]],
])('X46: pauses double, and jitter is half of each: %s', async (_name, random, gaps) => {
  const { deliveries, add, pass, end, sentAt } = await deliveriesTo(async () => 500, random);
  await add();
  await pass(40_000);
  const seen = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
  expect(seen).toHaveLength(ATTEMPTS_MAX - 1);
  for (const [index, gap] of seen.entries()) expect(Math.abs(gap - (gaps[index] ?? 0)), `gap ${index}: ${gap}`).toBeLessThanOrEqual(300);
  expect(await deliveries.list({}, 10)).toMatchObject([{ state: 'failed', attempts: ATTEMPTS_MAX, httpStatus: 500 }]);
  await end();
});

test('a few go at once, the rest wait up to a bound, and what is beyond is listed as failed', async () => {
  const hanging: (() => void)[] = [];
  const { deliveries, add, pass, end, most } = await deliveriesTo(
    () => new Promise((resolve) => hanging.push(() => resolve(204))),
    () => 0,
  );
  for (let message = 0; message < 1_006; message++) await add();
  expect(most()).toBe(4);
  const failed = await deliveries.list({ state: 'failed' }, 10);
  expect(failed).toHaveLength(2);
  expect(failed[0]).toMatchObject({ attempts: 0, problem: '1000 messages are waiting already' });
  for (const answer of hanging.splice(0)) answer();
  await pass(100);
  expect(await deliveries.list({ state: 'delivered' }, 10)).toHaveLength(4);
  await end();
});

test('a receiver that is gone for good (410) is not asked again', async () => {
  const { deliveries, add, pass, end, sentAt } = await deliveriesTo(
    async () => 410,
    () => 0,
  );
  await add();
  await pass(5_000);
  expect(sentAt).toHaveLength(1);
  expect(await deliveries.list({}, 10)).toMatchObject([{ state: 'failed', attempts: 1, httpStatus: 410 }]);
  await end();
});
