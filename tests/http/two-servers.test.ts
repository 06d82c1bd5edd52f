import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { openMarket, post } from '../market.ts';

/** Two servers on one database: what is changed by one of them holds at both. */
let folder: string;
let first: Harness;
let second: Harness;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'my-two-'));
  const database = join(folder, 'shared.db');
  first = await startHarness({ database });
  for (const name of ['lab', 'acme']) await post(first, '/api/v1/orgs', { name });
  await first.deployEcho('lab/echo', { contextLength: 100 });
  second = await startHarness({ database });
});
afterEach(async () => {
  await second.stop();
  await first.stop();
  rmSync(folder, { recursive: true, force: true });
});

const chat = (at: Harness, key: string) => at.call('/v1/chat/completions', { key, body: chatBody('lab/echo', 'hi', { max_tokens: 5 }) });
const statusAt = (at: Harness, key: string) => expect.poll(async () => (await chat(at, key)).status, { timeout: 5_000 });
const keyMadeAt = async (server: Harness): Promise<string> =>
  (await post<{ key: string }>(server, '/api/v1/keys', { name: 'later', org: 'acme', role: 'consumer' }, first.key)).key;

test('M26: a hard budget that was made at one server holds for a key that is made at the other', async () => {
  const market = await openMarket(first, 'echo', { rates: { requests: '1000' }, credit: '100' });
  await post(first, '/api/v1/budgets', { limit: '0.5', period: 'total' }, market.consumer);
  await statusAt(second, market.consumer).toBe(402);
  const key = await keyMadeAt(second);
  await statusAt(first, key).toBe(402);
  expect((await chat(second, key)).status).toBe(402);
});

test('a subscription that was cancelled at one server is none of a key that is made at the other', async () => {
  const market = await openMarket(first, 'echo', { rates: { requests: '1000' }, credit: '100' });
  await statusAt(second, market.consumer).toBe(200);
  // The second knows the contract by a change of its own.
  await post(second, '/api/v1/budgets', { limit: '50', period: 'total' }, market.consumer);
  expect((await first.call(`/api/v1/subscriptions/${market.subscription}`, { method: 'DELETE', key: market.consumer })).status).toBe(204);
  await statusAt(second, market.consumer).toBe(404);
  const key = await keyMadeAt(second);
  expect((await chat(second, key)).status).toBe(404);
  await statusAt(first, key).toBe(404);
});

test('a subscription that is cancelled at one server is cancelled for keys that were made at the other', async () => {
  const market = await openMarket(first, 'echo', { rates: { requests: '1000' }, credit: '100' });
  const key = await keyMadeAt(second);
  await statusAt(first, key).toBe(200);
  const later = await keyMadeAt(second);
  await statusAt(first, later).toBe(200);
  expect((await first.call(`/api/v1/subscriptions/${market.subscription}`, { method: 'DELETE', key: market.consumer })).status).toBe(204);
  for (const each of [market.consumer, key, later]) for (const server of [first, second]) await statusAt(server, each).toBe(404);
});
