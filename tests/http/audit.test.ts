import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { generateKey } from '../../src/contract/key-format.ts';
import { openDatabase } from '../../src/db/open.ts';
import { DATABASES } from '../databases.ts';
import { type Harness, startHarness } from '../harness.ts';

interface Entry {
  readonly seq: number;
  readonly at: number;
  readonly orgId: string;
  readonly keyId: string;
  readonly operation: string;
  readonly object: string;
  readonly address: string;
  readonly requestId: string;
  readonly outcome: number;
}

let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  for (const name of ['acme', 'rival']) await modelyard.call('/api/v1/orgs', { body: { name } });
});
afterAll(() => modelyard.stop());

const list = async (query: string, harness = modelyard, key?: string): Promise<Entry[]> =>
  ((await (await harness.call(`/api/v1/audit${query}`, key === undefined ? {} : { key })).json()) as { data: Entry[] }).data;
const newest = async (count: number) => (await list(`?limit=${count}&all=true`)).toReversed();

test('X37: a change is written down before its answer goes: who, what, to what, from where, under which id, and how it ended', async () => {
  const made = await modelyard.call('/api/v1/keys', { body: { name: 'audited', org: 'acme' } });
  const { key, details } = (await made.json()) as { key: string; details: { id: string } };
  const me = (await (await modelyard.call('/api/v1/whoami')).json()) as { keyId: string };
  const [entry] = await newest(1);
  expect(entry).toMatchObject({ operation: 'createKey', object: details.id, keyId: me.keyId, address: '127.0.0.1', requestId: made.headers.get('x-request-id'), outcome: 201 });
  expect(entry?.requestId).toMatch(/^req_/);
  await modelyard.call(`/api/v1/keys/${details.id}`, { method: 'DELETE' });
  await modelyard.call('/api/v1/keys/none', { method: 'DELETE' });
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  await modelyard.call('/api/v1/orgs', { body: '{' });
  expect((await newest(4)).map(({ operation, object, outcome }) => [operation, object, outcome])).toEqual([
    ['revokeKey', details.id, 204],
    ['revokeKey', 'none', 404],
    ['createOrg', '', 409],
    ['createOrg', '', 400],
  ]);
  // X1: no key in it, whole or in part.
  expect(JSON.stringify(await list('?limit=1000&all=true'))).not.toContain(key.slice(3, 12));
});

test('X37: what a key may not do is written down too; what strangers send, and what only reads, is not', async () => {
  const { key, id } = await modelyard.makeKey({ name: 'small', org: 'rival' });
  const before = (await newest(1))[0]?.seq;
  expect((await modelyard.call('/api/v1/orgs', { key, body: { name: 'mine' } })).status).toBe(403);
  expect((await modelyard.call('/api/v1/orgs', { key: generateKey(), body: { name: 'mine' } })).status).toBe(401);
  expect((await modelyard.call('/api/v1/orgs', { key: null, body: { name: 'mine' } })).status).toBe(401);
  expect((await modelyard.call('/api/v1/nothing', { key, body: {} })).status).toBe(404);
  for (const path of ['/api/v1/keys', '/api/v1/usage', '/openapi.json']) await modelyard.call(path, { key });
  const after = (await list('?limit=100&all=true')).filter(({ seq }) => seq > (before ?? 0));
  expect(after.map(({ keyId, operation, outcome }) => [keyId, operation, outcome])).toEqual([[id, 'createOrg', 403]]);
});

test('X37: every route of the API’s document that changes something is written down, whatever becomes of it', async () => {
  const { paths } = (await (await modelyard.call('/openapi.json')).json()) as { paths: Record<string, Record<string, { operationId?: string }>> };
  const changes = Object.entries(paths).flatMap(([path, methods]) =>
    path.startsWith('/api/')
      ? Object.entries(methods).flatMap(([method, { operationId }]) =>
          ['post', 'put', 'patch', 'delete'].includes(method) ? [{ path, method: method.toUpperCase(), operationId }] : [],
        )
      : [],
  );
  expect(changes.length).toBeGreaterThan(40);
  for (const { path, method, operationId } of changes) {
    const answer = await modelyard.call(path.replaceAll(/\{\w+\}/g, 'x'), { method, ...(method !== 'DELETE' && { body: { nobodyKnowsThis: true } }) });
    expect((await newest(1))[0], `${method} ${path}`).toMatchObject({ operation: operationId, outcome: answer.status, requestId: answer.headers.get('x-request-id') });
    expect(answer.status, `${method} ${path}`).toBeLessThan(500);
  }
});

test('X37: OIP’s load and unload are changes too', async () => {
  await modelyard.deployEcho('moved');
  expect((await modelyard.call('/v2/repository/models/moved/unload', { method: 'POST' })).status).toBe(200);
  expect((await modelyard.call('/v2/repository/models/nowhere/load', { method: 'POST' })).status).toBe(404);
  expect((await newest(2)).map(({ operation, object, outcome, address }) => [operation, object, outcome, address])).toEqual([
    ['unloadModel', 'moved', 200, '127.0.0.1'],
    ['loadModel', 'nowhere', 404, '127.0.0.1'],
  ]);
});

test('X37 X8: an organisation’s administrators see what its keys did, and nothing of others; a consumer sees none of it', async () => {
  const acme = await modelyard.makeKey({ name: 'admin', org: 'acme', role: 'publisher' });
  const rival = await modelyard.makeKey({ name: 'admin', org: 'rival', role: 'publisher' });
  const made = (await (await modelyard.call('/api/v1/keys', { key: acme.key, body: { name: 'x' } })).json()) as { details: { id: string } };
  expect((await list('', modelyard, acme.key))[0]).toMatchObject({ keyId: acme.id, object: made.details.id });
  for (const query of ['', '?all=true']) expect(JSON.stringify(await list(query, modelyard, rival.key)), query).not.toContain(acme.id);
  const consumer = await modelyard.makeKey({ name: 'c', org: 'acme' });
  expect((await modelyard.call('/api/v1/audit', { key: consumer.key })).status).toBe(403);
  expect((await modelyard.call('/api/v1/audit/archive', { key: acme.key, body: { before: 1 } })).status).toBe(403);
  const [latest] = await newest(1);
  expect((await list(`?all=true&limit=1&before=${latest?.seq}`))[0]?.seq).toBe((latest?.seq ?? 0) - 1);
});

test.each(DATABASES)('X37: who was to be told of a change that could not be written down is told so (on %s)', async (_name, open) => {
  await using database = await open();
  await using server = await startHarness({ database: database.target });
  await database.db.schema.alterTable('audit_entries').renameTo('gone').execute();
  const refused = await server.call('/api/v1/orgs', { body: { name: 'unseen' } });
  expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([503, 'audit_unavailable']);
  expect((await server.call('/api/v1/orgs', { body: { name: 'Not A Name' } })).status, 'a failure stays the one it was').toBe(400);
  expect((await server.call('/api/v1/orgs')).status, 'reading goes on').toBe(200);
  await database.db.schema.alterTable('gone').renameTo('audit_entries').execute();
  expect((await server.call('/api/v1/orgs', { body: { name: 'seen' } })).status).toBe(201);
});

test('X37: the newest head is kept in the home, and is the one of the database', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-audit-'));
  const { audit, database } = homeFolder(home);
  const first = await startHarness({ home, database });
  await first.makeKey({ name: 'a' });
  await first.makeKey({ name: 'b' });
  await first.stop();
  const kept = JSON.parse(readFileSync(join(audit, 'head.json'), 'utf8')) as { seq: number; hash: string };
  expect(kept.seq).toBe(2);
  const second = await startHarness({ home, database });
  await second.stop();
  const db = await openDatabase(database);
  expect((await db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()).hash).toBe(kept.hash);
  await db.destroy();
  expect(existsSync(join(audit, 'head.partial'))).toBe(false);
  rmSync(home, { recursive: true });
});
