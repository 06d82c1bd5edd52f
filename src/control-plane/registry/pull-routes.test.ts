import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { CallerEntry, Scope } from '../../contract/feeds.ts';
import { openDatabase } from '../../db/open.ts';
import { createControl } from '../../http/control.ts';
import { jobRoutes, Jobs } from '../jobs/index.ts';
import { parseAllow } from '../../egress/allow.ts';
import { Egress } from '../../egress/egress.ts';
import { FilePulls } from './pull-files.ts';
import { Downloads } from './sources/download.ts';
import { HUB_ENDPOINT } from './sources/hub.ts';
import { pullRoutes } from './pull-routes.ts';
import { registryRoutes } from './routes.ts';
import { ACME, OPERATOR, testRegistry } from './testing/registry.ts';

/** The control API with these domains; the bearer is the organisation's name. No package client is on the path. */
async function api() {
  const it = await testRegistry();
  const db = await openDatabase(':memory:');
  const jobs = new Jobs({ db, clock: systemClock });
  const egress = new Egress({ clock: systemClock, allow: parseAllow([]) });
  const downloads = new Downloads({ egress, blobs: it.blobs, clock: systemClock, hub: { endpoint: HUB_ENDPOINT } });
  const filePulls = new FilePulls({ registry: it.registry, jobs, downloads, clock: systemClock });
  const app = await createControl({
    authenticate({ headers }, scope: Scope): CallerEntry {
      const who = headers['authorization'] === 'Bearer acme' ? ACME : OPERATOR;
      if (!who.scopes.includes(scope) && !who.scopes.includes('operator')) throw new Fault('permission_denied', 'missing_scope', 'no');
      return { ...who, hash: '', keyId: 'k', allowedModels: undefined, expiresAtMs: undefined, limits: {}, budgets: [], offers: [] };
    },
    clock: systemClock,
    exposure: { addressOf: () => 'test' },
    version: '0',
    domains: [registryRoutes(it.registry), jobRoutes(jobs), pullRoutes({ registry: it.registry, jobs, filePulls, environment: { PATH: '/nowhere' } })],
    operations: { live: () => true, ready: () => ({ ready: true, status: 'ready', reasons: [] }), metrics: async () => '' },
    failed: () => undefined,
    createServer: (handler) => createServer(handler),
  });
  const call = async (method: 'GET' | 'POST', path: string, { who = 'modelyard', body }: { who?: string; body?: object } = {}) => {
    const answer = await app.inject({ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${who}` }, ...(body && { payload: body }) });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown> & { error: { code: string } & string }>() };
  };
  const ended = async (id: unknown) => {
    for (;;) {
      const { body } = await call('GET', `/jobs/${String(id)}`);
      if (body['state'] !== 'running') return body;
    }
  };
  return {
    call,
    ended,
    async [Symbol.asyncDispose]() {
      await jobs.close();
      await app.close();
      await db.destroy();
      await it[Symbol.asyncDispose]();
    },
  };
}

test('a pull is a job: 202, then its end by its id; another organisation sees none of it', async () => {
  await using it = await api();
  const { status, body } = await it.call('POST', '/models/pull', { body: { name: 'm', source: 'pypi:some-model==1.0' } });
  expect([status, body['state'], body['kind'], body['error']]).toEqual([202, 'running', 'pull', null]);
  expect(await it.ended(body['id'])).toMatchObject({
    state: 'failed',
    errorCode: 'pip_missing',
    error: expect.stringContaining('install it with') as unknown,
    input: { name: 'm' },
  });
  expect((await it.call('GET', `/jobs/${String(body['id'])}`, { who: 'acme' })).status).toBe(404);
  expect((await it.call('GET', '/jobs', { who: 'acme' })).body['data']).toEqual([]);
  expect((await it.call('GET', '/jobs')).body['data']).toHaveLength(1);
});

test('X48: what is wrong with a pull is said at once', async () => {
  await using it = await api();
  const pull = (body: object, who = 'modelyard') => it.call('POST', '/models/pull', { body, who });
  expect((await pull({ name: 'acme/m', source: 'pypi:a==1' }, 'acme')).status).toBe(403);
  expect((await pull({ name: '../x', source: 'pypi:a==1' })).status).toBe(400);
  expect((await pull({ name: 'm', source: '--index-url=http://evil' })).status).toBe(400);
  expect((await pull({ name: 'm', source: 'pypi:a==1', entries: { '../x': 'y' } })).status).toBe(400);
  expect((await pull({ name: 'm', source: 'pypi:a==1', entries: { 'x.gguf': 'y', '/etc': 'z' } })).status).toBe(400);
  expect((await it.call('GET', '/jobs')).body['data']).toEqual([]);
});

test('starters are listed for all, and pulled by operators', async () => {
  await using it = await api();
  const listed = (await it.call('GET', '/starters', { who: 'acme' })).body['data'] as { name: string; published: boolean }[];
  expect(listed.map(({ name, published }) => `${name} ${published}`)).toEqual(['smollm2-135m-instruct false', 'all-minilm-l6-v2 false', 'ppocr-v4-rec false', 'magika false']);
  expect((await it.call('POST', '/starters/magika/pull', { who: 'acme' })).status).toBe(403);
  expect((await it.call('POST', '/starters/none/pull')).status).toBe(404);
  const { status, body } = await it.call('POST', '/starters/magika/pull');
  expect(status).toBe(202);
  expect(await it.ended(body['id'])).toMatchObject({ state: 'failed', errorCode: 'pip_missing' });
});

test.each([
  ['/blobs/sha256:..%2F..%2Fx', 400],
  [`/blobs/sha256:${'A'.repeat(64)}`, 400],
  ['/models/..%2Fx', 404],
  ['/models/a%2Fb%252fc', 404],
  [`/models/${'x'.repeat(400)}`, 400],
  ['/models/a%00b', 400],
] as const)('X19, X48: GET %s is %i', async (path, expected) => {
  await using it = await api();
  expect((await it.call('GET', path)).status).toBe(expected);
});
