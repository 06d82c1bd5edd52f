import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';

let modelyard: Harness;
let acme: string;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  acme = (await modelyard.makeKey({ name: 'acme', org: 'acme' })).key;
});
afterAll(() => modelyard.stop());

const credit = (body: Record<string, unknown>, key?: string) => modelyard.call('/api/v1/credits', { body, ...(key !== undefined && { key }) });
const wallet = async (key: string, query = '') =>
  (await (await modelyard.call(`/api/v1/wallet${query}`, { key })).json()) as { org: string; available: string; grants: { id: string; available: string }[] };

test('an operator credits an organisation, once for each transfer; gifts are spent before what was paid', async () => {
  expect((await credit({ id: 't-1', org: 'acme', amount: '12.50' })).status).toBe(201);
  expect((await credit({ id: 't-1', org: 'acme', amount: '12.50' })).status).toBe(201);
  await credit({ id: 'gift', org: 'acme', amount: '0.000001', given: true });
  expect(await wallet(acme)).toMatchObject({ org: 'acme', available: '12.500001', held: '0.00', owed: '0.00', grants: [{ id: 'gift' }, { id: 't-1', available: '12.50' }] });
  expect(await wallet(modelyard.key, '?org=acme')).toMatchObject({ org: 'acme', available: '12.500001' });
  // The same transfer with another amount is a mistake.
  expect((await credit({ id: 't-1', org: 'acme', amount: '13' })).status).toBe(409);
});

test('M37: nobody credits itself, and what is no amount is refused; another organisation’s wallet is not shown', async () => {
  expect((await credit({ id: 'x', org: 'acme', amount: '1' }, acme)).status).toBe(403);
  for (const amount of ['0', '-1', 'NaN', '1e9', '0.0000001', '1000000000000.000001', '999999999999999999', ''])
    expect((await credit({ id: 'x', org: 'acme', amount })).status, amount).toBe(400);
  expect((await credit({ id: 'x', org: 'nobody', amount: '1' })).status).toBe(404);
  expect(await wallet(acme, '?org=platform')).toMatchObject({ org: 'acme' });
});

test('the book is checked and rebuilt by an operator only', async () => {
  expect(await (await modelyard.call('/api/v1/ledger/check')).json()).toMatchObject({ faults: [] });
  expect((await modelyard.call('/api/v1/ledger/rebuild', { method: 'POST' })).status).toBe(204);
  expect((await modelyard.call('/api/v1/ledger/check', { key: acme })).status).toBe(403);
});
