import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { homeFolder } from '../../src/app/home.ts';
import { generateKey } from '../../src/contract/key-format.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { raw, rawRequest, usageOf, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.deployEcho('echo');
});
afterAll(() => modelyard.stop());

const chat = (key: string | null, harness = modelyard) => harness.call(CHAT, { key, body: chatBody('echo', 'hi') });

test('C33: a missing or bad key is a 401 with an error object; Bearer and X-Api-Key are accepted', async () => {
  const missing = await chat(null);
  expect(missing.status).toBe(401);
  expect(missing.headers.get('www-authenticate')).toBe('Bearer');
  expect(await missing.json()).toEqual({ error: { message: expect.any(String) as string, type: 'authentication_error', param: null, code: 'missing_api_key' } });
  const bad = await chat('my_nothing');
  expect(bad.status).toBe(401);
  expect(await bad.json()).toMatchObject({ error: { type: 'authentication_error', code: 'invalid_api_key' } });
  const byHeader = { body: chatBody('echo', 'hi'), key: null };
  expect((await modelyard.call(CHAT, { ...byHeader, headers: { 'x-api-key': modelyard.key } })).status).toBe(200);
  expect((await modelyard.call(CHAT, { ...byHeader, headers: { authorization: `bearer ${modelyard.key}` } })).status).toBe(200);
  expect((await modelyard.call(CHAT, { ...byHeader, headers: { authorization: `Basic ${modelyard.key}` } })).status).toBe(401);
  for (const path of ['/live', '/ready', '/v2/health/live', '/openapi.json']) expect((await modelyard.call(path, { key: null })).status, path).toBe(200);
});

test('X1: the plain key is nowhere in the home after calls, refusals and a stop: not in database, usage log or logs', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-x1-'));
  const harness = await startHarness({ home, database: homeFolder(home).database });
  await harness.deployEcho('echo');
  const { key } = await harness.makeKey({ name: 'app' });
  for (let i = 0; i < 20; i++) expect((await chat(key, harness)).status).toBe(200);
  expect((await harness.call(CHAT, { key, body: '{' })).status).toBe(400);
  expect((await harness.call('/api/v1/orgs', { key })).status).toBe(403);
  await usageOf(harness, 'echo', 20);
  await harness.stop();
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toContain('modelyard.db');
  let bytes = 0;
  for (const file of files) {
    const content = readFileSync(join(file.parentPath, file.name));
    bytes += content.length;
    for (const secret of [key, harness.key]) expect(content.includes(secret.slice('my_'.length, -6)), file.name).toBe(false);
  }
  expect(bytes).toBeGreaterThan(10_000);
  rmSync(home, { recursive: true });
});

test('X2: the plain key comes once; later only its first four and last four characters are shown', async () => {
  const made = (await (await modelyard.call('/api/v1/keys', { body: { name: 'shown once' } })).json()) as { key: string; details: { id: string; prefix: string; last4: string } };
  const { key, details } = made;
  expect(details).toMatchObject({ prefix: key.slice(0, 7), last4: key.slice(-4) });
  expect(JSON.stringify(details)).not.toContain(key);
  const listed = await (await modelyard.call('/api/v1/keys')).text();
  expect(listed).toContain(details.id);
  expect(listed).not.toContain(key);
  expect(listed).not.toContain(key.slice(0, 8));
  expect(listed).not.toMatch(/"hash"/);
  const refused = await modelyard.call(CHAT, { key: `${key}x`, body: chatBody('echo', 'hi') });
  expect(await refused.text()).not.toContain(key.slice(3, 10));
});

test('X3: malformed, unknown and revoked keys get the same answer', async () => {
  const revoked = await modelyard.makeKey({ name: 'gone' });
  expect((await modelyard.call(`/api/v1/keys/${revoked.id}`, { method: 'DELETE' })).status).toBe(204);
  const answers = await Promise.all(
    [revoked.key, generateKey(), `${revoked.key.slice(0, -1)}_`].map(async (key) => {
      const response = await chat(key);
      return { status: response.status, body: await response.text() };
    }),
  );
  expect(answers[0]?.status).toBe(401);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test('X4: a revoked key is refused at once, on the control API too', async () => {
  const { key, id } = await modelyard.makeKey({ name: 'short-lived' });
  expect((await chat(key)).status).toBe(200);
  await modelyard.call(`/api/v1/keys/${id}`, { method: 'DELETE' });
  expect((await chat(key)).status).toBe(401);
  expect((await modelyard.call('/api/v1/whoami', { key })).status).toBe(401);
});

test('X4: a key is refused from its expiry on; a rotated one after its overlap', async () => {
  const clock = new FakeClock();
  const harness = await startHarness({ clock });
  await whileAdvancing(clock, harness.deployEcho('echo'));
  const soon = await harness.makeKey({ name: 'expiring', expiresAt: clock.now() + 60_000 });
  await clock.advance(59_999);
  expect((await chat(soon.key, harness)).status).toBe(200);
  await clock.advance(1);
  const expired = await chat(soon.key, harness);
  expect(expired.status).toBe(401);
  expect(await expired.json()).toEqual(await (await chat(generateKey(), harness)).json());

  const old = await harness.makeKey({ name: 'rotating' });
  const next = (await (await harness.call(`/api/v1/keys/${old.id}/rotate`, { body: { overlapSeconds: 30 } })).json()) as { key: string };
  for (const key of [old.key, next.key]) expect((await chat(key, harness)).status).toBe(200);
  await clock.advance(30_000);
  expect((await chat(old.key, harness)).status).toBe(401);
  expect((await chat(next.key, harness)).status).toBe(200);
  const at = await harness.makeKey({ name: 'at once' });
  await harness.call(`/api/v1/keys/${at.id}/rotate`, { body: {} });
  expect((await chat(at.key, harness)).status).toBe(401);
  await whileAdvancing(clock, harness.stop());
});

test('X4: revoked keys stay revoked after a restart on the same database', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-x4-'));
  const { database } = homeFolder(home);
  const first = await startHarness({ home, database });
  const [kept, gone] = [await first.makeKey({ name: 'kept' }), await first.makeKey({ name: 'gone' })];
  await first.call(`/api/v1/keys/${gone.id}`, { method: 'DELETE' });
  await first.stop();
  const second = await startHarness({ home, database });
  expect(second.key).toBe('');
  expect((await second.call('/api/v1/whoami', { key: kept.key })).status).toBe(200);
  expect((await second.call('/api/v1/whoami', { key: gone.key })).status).toBe(401);
  await second.stop();
  rmSync(home, { recursive: true });
});

test('X6: hostile keys are refused, and the database still works', async () => {
  // Of its own: many bad keys are put off (X7).
  await using server = await startHarness();
  for (const key of ["' OR 1=1--", "my_' OR '1'='1", 'x'.repeat(8_000), 'my_żółw'.normalize(), "my_'; DROP TABLE keys;--"]) {
    const answer = await raw(server.url, Buffer.from(rawRequest('GET /v1/models', { authorization: `Bearer ${key}` })));
    expect(answer.status, key.slice(0, 20)).toBe(401);
  }
  expect((await raw(server.url, rawRequest('GET /v1/models', { 'x-api-key': "' OR 1=1--" }))).status).toBe(401);
  // What is not a header at all never becomes a request.
  const nul = await raw(server.url, rawRequest('GET /v1/models', { authorization: 'Bearer my_\0' }));
  expect([nul.status, JSON.parse(nul.body)]).toEqual([400, { error: expect.objectContaining({ code: 'malformed_request' }) as object }]);
  const megabyte = await raw(server.url, rawRequest('GET /v1/models', { authorization: `Bearer ${'x'.repeat(1_048_576)}` }));
  expect(megabyte.status).toBe(431);
  expect((await server.call('/api/v1/keys')).status).toBe(200);
});

test('X42: a first boot makes one operator key and no password; it listens on loopback unless told that the network is safe', async () => {
  expect(modelyard.key).toMatch(/^my_[0-9A-Za-z]{38}$/);
  expect(new URL(modelyard.url).hostname).toBe('127.0.0.1');
  const environment = { home: undefined, port: undefined, logLevel: undefined, all: {} };
  expect(loadConfig({}, environment).host).toBe('127.0.0.1');
  expect(() => loadConfig({ host: '0.0.0.0' }, environment)).toThrow('--insecure-http');
  expect(loadConfig({ host: '0.0.0.0', insecureHttp: true }, environment).host).toBe('0.0.0.0');
});
