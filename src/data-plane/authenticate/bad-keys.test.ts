import { expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { BadKeys } from './bad-keys.ts';

const HOUR_MS = 3_600_000;
const start = () => {
  const clock = new FakeClock();
  const badKeys = new BadKeys(clock);
  let made = 0;
  /** A bad key that begins like no other. */
  const other = () => `my_${String(made++).padStart(4, '0')}rest`;
  return { clock, badKeys, other };
};

test('X7: ten bad keys of an address within 300 s are answered as such, further ones put off for an hour', async () => {
  const { clock, badKeys, other } = start();
  for (let i = 0; i < 10; i++) expect(badKeys.refuse('192.0.2.1', other()), String(i)).toBeUndefined();
  expect(badKeys.refuse('192.0.2.1', other())).toMatchObject({ kind: 'rate_limited', code: 'too_many_bad_keys', retryAfterSeconds: 3_600 });
  expect(badKeys.refuse('192.0.2.2', other()), 'another address').toBeUndefined();
  await clock.advance(HOUR_MS - 1);
  // What comes meanwhile does not make it longer.
  expect(badKeys.refuse('192.0.2.1', other())?.retryAfterSeconds).toBe(1);
  await clock.advance(1);
  expect(badKeys.refuse('192.0.2.1', other())).toBeUndefined();
});

test('X7: bad keys that are further apart are not counted together', async () => {
  const { clock, badKeys, other } = start();
  for (let i = 0; i < 40; i++) {
    expect(badKeys.refuse('192.0.2.1', other()), String(i)).toBeUndefined();
    await clock.advance(33_334);
  }
});

test('X7: five that begin alike put off that beginning only', async () => {
  const { clock, badKeys, other } = start();
  for (let i = 0; i < 5; i++) expect(badKeys.refuse('192.0.2.1', `Bearer my_abcd${i}`)).toBeUndefined();
  expect(badKeys.refuse('192.0.2.1', 'Bearer my_abcd9')?.retryAfterSeconds).toBe(3_600);
  expect(badKeys.refuse('192.0.2.1', other())).toBeUndefined();
  expect(badKeys.refuse('192.0.2.2', 'Bearer my_abcd9')).toBeUndefined();
  await clock.advance(HOUR_MS);
  expect(badKeys.refuse('192.0.2.1', 'Bearer my_abcd9')).toBeUndefined();
});

test('X7: IPv6 is counted by its /64, and an IPv4 address is one however it is written', () => {
  const { badKeys, other } = start();
  for (let i = 0; i < 10; i++) badKeys.refuse(`2001:db8:1:2::${i}`, other());
  expect(badKeys.refuse('2001:db8:1:2:ffff::1', other())).toBeDefined();
  expect(badKeys.refuse('2001:db8:1:3::1', other())).toBeUndefined();
  for (let i = 0; i < 10; i++) badKeys.refuse(i % 2 ? '192.0.2.7' : '::ffff:192.0.2.7', other());
  expect(badKeys.refuse('::ffff:c000:207', other())).toBeDefined();
});

test('X7: no more addresses are remembered than there is room for; the longest silent goes first', () => {
  const { badKeys, other } = start();
  for (let i = 0; i < 10; i++) badKeys.refuse('192.0.2.1', other());
  const fill = (count: number, block: number) => {
    for (let i = 0; i < count; i++) badKeys.refuse(`10.${block}.${i >> 8}.${i & 255}`, 'x');
  };
  fill(9_999, 1);
  expect(badKeys.refuse('192.0.2.1', other()), 'still remembered').toBeDefined();
  fill(10_000, 2);
  expect(badKeys.refuse('192.0.2.1', other()), 'forgotten').toBeUndefined();
});
