import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { get, openMarket, post, walletOf } from '../market.ts';

const CHAT = '/v1/chat/completions';
let folder: string;
let modelyard: Harness;
/** Whoever holds the write lock of the database keeps all others from writing. */
let locker: DatabaseSync;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'my-down-'));
  const database = join(folder, 'home.db');
  modelyard = await startHarness({ database, config: { leaseWaitMs: 250 } });
  for (const name of ['lab', 'acme', 'late']) await post(modelyard, '/api/v1/orgs', { name });
  await modelyard.deployEcho('lab/echo', { contextLength: 100 });
  locker = new DatabaseSync(database, { timeout: 0 });
});
afterEach(async () => {
  locker.close();
  await modelyard.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Between two transactions of the server, which runs in this process: to wait for it here would be to wait for oneself. */
const lock = () => expect.poll(() => locker.exec('BEGIN IMMEDIATE'), { timeout: 10_000, interval: 5 }).toBeUndefined();
const chat = (key: string, more: Record<string, unknown> = {}) => modelyard.call(CHAT, { key, body: chatBody('lab/echo', 'one two', { max_tokens: 5, ...more }) });

test('M24, M23: while the database takes no write, calls go on against what is leased and are billed later; who has no lease is told 503 and not charged; calls without a price are served', async () => {
  const market = await openMarket(modelyard, 'echo', { rates: { requests: '10' }, credit: '1000' });
  const { key: late } = await modelyard.makeKey({ name: 'late', org: 'late', role: 'consumer' });
  await post(modelyard, '/api/v1/subscriptions', { listing: market.listing, plan: 'standard' }, late);
  await post(modelyard, '/api/v1/credits', { id: 'late', org: 'late', amount: '10' });
  const unlocked = async (key: string) => {
    // A busy machine may make the first lease wait longer than it may.
    await expect.poll(async () => (await chat(key)).status, { timeout: 20_000 }).toBe(200);
  };
  await unlocked(market.consumer);
  await expect.poll(() => walletOf(modelyard, market.consumer), { timeout: 10_000 }).not.toBe('1000.00');
  await lock();
  expect([(await chat(market.consumer)).status, (await chat(market.consumer)).status, (await chat(market.publisher)).status]).toEqual([200, 200, 200]);
  const refused = await chat(late);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ error: { code: 'credit_unavailable' } });
  locker.exec('ROLLBACK');
  const calls = async () => (await get<{ data: { calls: number }[] }>(modelyard, '/api/v1/usage?by=model', market.consumer)).data[0]?.calls ?? 0;
  await expect.poll(calls, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  const charged = await calls();
  await expect.poll(() => walletOf(modelyard, market.consumer), { timeout: 30_000 }).toBe((1_000 - charged / 100).toFixed(2));
  await unlocked(late);
  expect(await get(modelyard, '/api/v1/ledger/check')).toMatchObject({ faults: [], unbilled: [] });
}, 90_000);

test('M29: bounds beyond all reason are refused, and nothing is held or charged for them', async () => {
  const market = await openMarket(modelyard, 'echo', { rates: { output_tokens: '999999999', input_tokens: '999999999' }, credit: '1' });
  for (const more of [{ max_tokens: 2 ** 53 }, { max_tokens: -1 }, { n: 1_000_000_000 }, { n: 0 }, { max_tokens: 1.5 }]) {
    expect((await chat(market.consumer, more)).status, JSON.stringify(more)).toBe(400);
  }
  // Within reason, and dearer than what there is.
  expect((await chat(market.consumer)).status).toBe(402);
  expect(await get(modelyard, '/api/v1/wallet', market.consumer)).toMatchObject({ available: '1.00', held: '0.00' });
});

test('while the database takes no write the control API says 503, and a DELETE may name a type for the body that it does not have', async () => {
  const { id } = await modelyard.makeKey({ name: 'passing', org: 'lab', role: 'consumer' });
  await lock();
  const away = await modelyard.call('/api/v1/orgs', { body: { name: 'more' } });
  locker.exec('ROLLBACK');
  expect([away.status, await away.json()]).toMatchObject([503, { error: { code: 'database_unavailable' } }]);
  const gone = await modelyard.call(`/api/v1/keys/${id}`, { method: 'DELETE', headers: { 'content-type': 'application/json' } });
  expect(gone.status).toBe(204);
}, 30_000);
