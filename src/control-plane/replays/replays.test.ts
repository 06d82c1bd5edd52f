import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../../tests/fake-clock.ts';
import { type Db, openDatabase } from '../../db/open.ts';
import { type Claim, KEPT_MS } from './model.ts';
import { Replays, type ReplaysParts } from './service.ts';

let db: Db;
let clock: FakeClock;
let problems: unknown[];
/** What usage says that there is something to charge for. */
let chargedIds: Set<string>;
beforeEach(async () => {
  db = await openDatabase(':memory:');
  clock = new FakeClock();
  problems = [];
  chargedIds = new Set();
});
afterEach(() => db.destroy());

const open = (more: Partial<ReplaysParts> = {}) =>
  new Replays({
    db,
    clock,
    charges: { charged: async (ids) => new Set(ids.filter((id) => chargedIds.has(id))) },
    waitMs: 250,
    problem: (error) => problems.push(error),
    ...more,
  });
const claim = (requestId: string, more: Partial<Claim> = {}): Claim => ({ orgId: 'acme', key: 'k', bodyHash: 'h', requestId, ...more });
const answer = { status: 200, headers: { 'x-request-id': 'req_1' }, body: Buffer.from([0, 1, 0xff]) };

test('M20: of many claims of one key over several gateways exactly one runs', async () => {
  const gateways = ['a', 'b', 'c'].map((gateway) => open({ gateway }));
  const results = await Promise.allSettled(gateways.flatMap((replays, at) => Array.from({ length: 10 }, (_, n) => replays.claim(claim(`req_${at}_${n}`)))));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { code: string }).code] : []));
  expect(new Set(codes)).toEqual(new Set(['idempotency_in_progress']));
});

test('M20: what was kept is given again byte by byte on any gateway, not for another body and not to another organisation', async () => {
  const replays = open();
  expect(await replays.claim(claim('req_1'))).toBeUndefined();
  await replays.keep(claim('req_1'), answer);
  const other = open({ gateway: 'other' });
  expect(await other.claim(claim('req_2'))).toEqual(answer);
  await expect(other.claim(claim('req_3', { bodyHash: 'another' }))).rejects.toMatchObject({ kind: 'unprocessable', code: 'idempotency_key_reused' });
  expect(await other.claim(claim('req_4', { orgId: 'globex', bodyHash: 'another' }))).toBeUndefined();
});

test('M21: too large, lost and running answers are refused by name; a released key runs again', async () => {
  const replays = open();
  for (const key of ['large', 'lost', 'running', 'released']) await replays.claim(claim(`req_${key}`, { key }));
  await replays.keep(claim('req_large', { key: 'large' }), undefined);
  await replays.lose(claim('req_lost', { key: 'lost' }));
  await replays.release(claim('req_released', { key: 'released' }));
  await expect(replays.claim(claim('req_2', { key: 'large' }))).rejects.toMatchObject({ kind: 'conflict', code: 'idempotency_result_too_large' });
  await expect(replays.claim(claim('req_2', { key: 'lost' }))).rejects.toMatchObject({ kind: 'conflict', code: 'idempotency_result_lost' });
  await expect(replays.claim(claim('req_2', { key: 'running' }))).rejects.toMatchObject({ kind: 'conflict', code: 'idempotency_in_progress', retryAfterSeconds: 1 });
  expect(await replays.claim(claim('req_2', { key: 'released' }))).toBeUndefined();
});

test('after a kill: calls that were charged for are lost, others may run again; those of this process and of other gateways are left alone', async () => {
  const killed = open();
  for (const key of ['charged', 'free']) await killed.claim(claim(`req_${key}`, { key }));
  await open({ gateway: 'other' }).claim(claim('req_other', { key: 'other' }));
  const replays = open({ epoch: 2 });
  await replays.claim(claim('req_new', { key: 'new' }));
  chargedIds.add('req_charged');
  await replays.recover();
  await expect(replays.claim(claim('req_2', { key: 'charged' }))).rejects.toMatchObject({ code: 'idempotency_result_lost' });
  expect(await replays.claim(claim('req_2', { key: 'free' }))).toBeUndefined();
  for (const key of ['new', 'other']) await expect(replays.claim(claim('req_2', { key }))).rejects.toMatchObject({ code: 'idempotency_in_progress' });
  expect(problems).toEqual([]);
});

test('a key is free again after 24 hours, swept or not', async () => {
  const replays = open();
  for (const key of ['met', 'swept']) {
    await replays.claim(claim('req_1', { key }));
    await replays.keep(claim('req_1', { key }), answer);
  }
  await clock.advance(KEPT_MS - 1);
  expect(await replays.claim(claim('req_2', { key: 'met' }))).toEqual(answer);
  await clock.advance(1);
  expect(await replays.claim(claim('req_3', { key: 'met', bodyHash: 'another' }))).toBeUndefined();
  await replays.claim(claim('req_4', { key: 'running' }));
  replays.start();
  await clock.advance(KEPT_MS + 60_000);
  await replays.close();
  expect(await db.selectFrom('replays').selectAll().execute()).toEqual([]);
});

test('without its database a claim is refused; what could not be written is tried again, and no repeat runs meanwhile', async () => {
  const replays = open();
  await replays.claim(claim('req_1'));
  await db.schema.alterTable('replays').renameTo('away').execute();
  await expect(replays.claim(claim('req_2', { key: 'other' }))).rejects.toMatchObject({ kind: 'unavailable', code: 'idempotency_unavailable' });
  await replays.keep(claim('req_1'), answer);
  expect(problems).toHaveLength(1);
  await db.schema.alterTable('away').renameTo('replays').execute();
  await expect(replays.claim(claim('req_3'))).rejects.toMatchObject({ code: 'idempotency_in_progress' });
  replays.start();
  await clock.advance(60_000);
  await replays.close();
  await expect(replays.claim(claim('req_3'))).rejects.toMatchObject({ code: 'idempotency_result_lost' });
  expect(await replays.claim(claim('req_4', { key: 'other' }))).toBeUndefined();
});
