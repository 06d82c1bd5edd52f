import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { raw, rawRequest, usageOf } from './support.ts';

let modelyard: Harness;
let acme: { key: string; id: string };
let acmePublisher: { key: string; id: string };
let rival: { key: string; id: string };
beforeAll(async () => {
  modelyard = await startHarness();
  for (const name of ['acme', 'rival']) await modelyard.call('/api/v1/orgs', { body: { name } });
  await modelyard.deployEcho('acme/bot');
  await modelyard.deployEcho('shared');
  acme = await modelyard.makeKey({ name: 'acme consumer', org: 'acme' });
  acmePublisher = await modelyard.makeKey({ name: 'acme publisher', org: 'acme', role: 'publisher' });
  rival = await modelyard.makeKey({ name: 'rival publisher', org: 'rival', role: 'publisher' });
  await modelyard.call('/v1/chat/completions', { key: acme.key, body: chatBody('acme/bot', 'secret words') });
  await usageOf(modelyard, 'acme/bot', 1);
});
afterAll(() => modelyard.stop());

const as = (key: string, path: string, options: { method?: string; body?: unknown } = {}) => modelyard.call(path, { key, ...options });

test("X8: another organisation's model does not exist: the same 404 as for one that never was", async () => {
  const answer = async (model: string) => (await (await as(rival.key, '/v1/chat/completions', { body: chatBody(model, 'x') })).text()).replaceAll(model, 'NAME');
  expect(await answer('acme/bot')).toBe(await answer('acme/who'));
  for (const path of [
    '/v1/models/acme/bot',
    '/v2/models/acme/bot',
    '/v2/models/acme/bot/ready',
    '/api/v1/models/acme%2Fbot',
    '/api/v1/deployments/acme%2Fbot',
    '/api/v1/deployments/acme%2Fbot/logs',
  ]) {
    expect((await as(rival.key, path)).status, path).toBe(404);
    expect((await as(acme.key, path)).status, path).toBe(200);
  }
  expect((await as(rival.key, '/v2/models/acme/bot/infer', { body: { inputs: [] } })).status).toBe(404);
});

test("X8: lists show an organisation's own only; an operator sees all", async () => {
  const ids = async (key: string, path: string) => ((await (await as(key, path)).json()) as { data: { id?: string; name: string }[] }).data.map(({ id, name }) => id ?? name);
  expect(await ids(rival.key, '/v1/models')).toEqual([]);
  expect(await ids(acme.key, '/v1/models')).toEqual(['acme/bot']);
  expect(await ids(modelyard.key, '/v1/models')).toEqual(['acme/bot', 'shared']);
  for (const path of ['/api/v1/models', '/api/v1/deployments']) {
    expect(await ids(rival.key, path), path).toEqual([]);
    expect(await ids(acme.key, path), path).toEqual(['acme/bot']);
  }
  expect(await ids(rival.key, '/api/v1/keys')).toEqual([rival.id]);
});

test("X8: another organisation's keys can be neither revoked, rotated nor listed", async () => {
  expect((await as(rival.key, `/api/v1/keys/${acme.id}`, { method: 'DELETE' })).status).toBe(404);
  expect((await as(rival.key, `/api/v1/keys/${acme.id}/rotate`, { body: {} })).status).toBe(404);
  expect((await as(rival.key, '/api/v1/keys?org=acme')).status).toBe(404);
  expect((await as(rival.key, '/api/v1/keys', { body: { name: 'x', org: 'acme' } })).status).toBe(404);
  expect((await as(rival.key, '/api/v1/members?org=acme')).status).toBe(404);
  expect((await as(acme.key, '/api/v1/whoami')).status).toBe(200);
});

test('X8: usage is an organisation\'s own, "all" or not; its rows carry no prompt', async () => {
  for (const query of ['', '?all=true']) {
    expect(await (await as(rival.key, `/api/v1/usage/calls${query}`)).json(), query).toEqual({ data: [] });
    expect(await (await as(rival.key, `/api/v1/usage${query}`)).json(), query).toEqual({ data: [] });
  }
  const own = await (await as(acme.key, '/api/v1/usage/calls')).text();
  expect((JSON.parse(own) as { data: unknown[] }).data).toHaveLength(1);
  expect(own).not.toContain('secret words');
});

test("X8: nobody deploys, takes away or publishes under another organisation's name", async () => {
  expect((await as(rival.key, '/api/v1/deployments', { body: { model: 'acme/bot' } })).status).toBe(404);
  expect((await as(rival.key, '/api/v1/deployments', { body: { model: 'shared' } })).status).toBe(404);
  expect((await as(rival.key, '/api/v1/deployments/acme%2Fbot', { method: 'DELETE' })).status).toBe(404);
  expect((await as(rival.key, '/v2/repository/models/acme/bot/unload', { method: 'POST' })).status).toBe(404);
  expect((await as(rival.key, '/v2/repository/models/acme/bot/load', { method: 'POST' })).status).toBe(404);
  expect((await as(acmePublisher.key, '/api/v1/deployments', { body: { model: 'acme/bot', name: 'shared' } })).status).toBe(403);
  expect((await as(acmePublisher.key, '/api/v1/deployments', { body: { model: 'acme/bot', name: 'rival/bot' } })).status).toBe(403);
});

test("X9: what a consumer's key may not do is a 403, by every verb", async () => {
  const refused: [string, string, unknown?][] = [
    ['POST', '/api/v1/models', { name: 'acme/x', files: [{ path: 'a', digest: `sha256:${'0'.repeat(64)}` }] }],
    ['DELETE', '/api/v1/models/acme%2Fbot'],
    ['PUT', '/api/v1/models/acme%2Fbot/labels', { label: 'stable', version: 1 }],
    ['POST', '/api/v1/deployments', { model: 'acme/bot' }],
    ['DELETE', '/api/v1/deployments/acme%2Fbot'],
    ['POST', '/v2/repository/models/acme/bot/unload'],
    ['GET', '/api/v1/orgs'],
    ['HEAD', '/api/v1/orgs'],
    ['POST', '/api/v1/orgs', { name: 'mine' }],
    ['GET', '/api/v1/members'],
    ['POST', '/api/v1/gc'],
    ['GET', '/metrics'],
    ['HEAD', '/metrics'],
  ];
  for (const [method, path, body] of refused) {
    const response = await as(acme.key, path, { method, ...(body !== undefined && { body }) });
    expect(response.status, `${method} ${path}`).toBe(403);
  }
  expect((await as(acme.key, '/v1/chat/completions', { body: chatBody('acme/bot', 'still there') })).status).toBe(200);
});

test('X9: no alternate spelling of a path gets around the check, nor a method override', async () => {
  for (const path of [
    '/api/v1/orgs/',
    '//api/v1/orgs',
    '/api/v1//orgs',
    '/api/v1/./orgs',
    '/v1/../api/v1/orgs',
    '/%61pi/v1/orgs',
    '/api/v1/%6frgs',
    '/API/v1/orgs',
    '/api/v1/orgs%2f',
    '/api/v1/orgs;x',
    'http://localhost/api/v1/orgs',
  ]) {
    const answer = await raw(modelyard.url, rawRequest(`GET ${path}`, { authorization: `Bearer ${acme.key}` }));
    expect([403, 404], `${path}: ${answer.status}`).toContain(answer.status);
    const nobody = await raw(modelyard.url, rawRequest(`GET ${path}`, {}));
    expect([401, 404], `${path}: ${nobody.status}`).toContain(nobody.status);
  }
  const override = await modelyard.call('/api/v1/deployments/acme%2Fbot', { key: acme.key, headers: { 'x-http-method-override': 'DELETE' } });
  expect([override.status, (await as(acme.key, '/api/v1/deployments/acme%2Fbot')).status]).toEqual([200, 200]);
});

test('X9: nobody gives a key more than he has, and a member no role beyond his own', async () => {
  for (const wanted of [
    { name: 'x', role: 'publisher' },
    { name: 'x', scopes: ['operator'] },
    { name: 'x', role: 'operator' },
  ]) {
    expect((await as(acme.key, '/api/v1/keys', { body: wanted })).status, JSON.stringify(wanted)).toBe(403);
  }
  expect((await as(acmePublisher.key, '/api/v1/members', { body: { name: 'eve', role: 'operator' } })).status).toBe(403);
});

test('X11: unknown fields of a body are refused by name, not dropped', async () => {
  for (const field of ['id', 'orgId', 'hash', 'revokedAt', 'createdAt', '__proto__']) {
    const response = await as(acme.key, '/api/v1/keys', { body: `{"name":"x","${field}":"y"}` });
    expect(response.status, field).toBe(400);
    expect(((await response.json()) as { error: { message: string } }).error.message).toContain(field);
  }
});

test('a key limited to some models sees and calls those only', async () => {
  const { key } = await modelyard.makeKey({ name: 'narrow', allowedModels: ['shared'] });
  expect((await as(key, '/v1/chat/completions', { body: chatBody('shared', 'x') })).status).toBe(200);
  expect((await as(key, '/v1/chat/completions', { body: chatBody('shared:1', 'x') })).status).toBe(200);
  expect((await as(key, '/v1/chat/completions', { body: chatBody('acme/bot', 'x') })).status).toBe(404);
});

test("X10 C11: one organisation's prompt is not cached for another, neither whole nor as a prefix", async () => {
  await modelyard.deployEcho('rival/bot');
  const cached = async (key: string, model: string) =>
    (
      (await (await as(key, '/v1/chat/completions', { body: chatBody(model, 'the very same long prompt') })).json()) as {
        usage: { prompt_tokens_details: { cached_tokens: number } };
      }
    ).usage.prompt_tokens_details.cached_tokens;
  expect(await cached(rival.key, 'rival/bot')).toBe(0);
  expect(await cached(modelyard.key, 'rival/bot')).toBe(0);
  expect(await cached(rival.key, 'rival/bot')).toBeGreaterThan(0);
});
