import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Scope } from '../../src/contract/feeds.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { get, post } from '../market.ts';
import { pause, usageOf } from './support.ts';

/** X8 for every route that the API's own document lists: a route that is new there fails these tests until it has a row here. */

type Who = 'acme' | 'buyer' | 'operator';

interface Row {
  /** Whose object it is; an operator's is closed to all others by a 403. */
  readonly of: Who;
  /** What stands in the place of the path's parameter. */
  readonly id: () => string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where to another organisation the object is one that was never made, and that answer is no 404: what it may hold. */
  readonly absent?: unknown;
  /** The code of its owner's refusal, which only who sees the object can get. */
  readonly refused?: string;
}

/** Done, or theirs and not possible from where it is. */
const OWNERS = [200, 201, 202, 204, 409];
const BYTES = Buffer.from('bytes that only acme has sent');
const DIGEST = `sha256:${createHash('sha256').update(BYTES).digest('hex')}`;
const PRICE = { rates: { input_tokens: '1', output_tokens: '1' } };
const PLAN = { name: 'standard', kind: 'pay_per_use', ...PRICE };
const RULE = { name: 'errors', metric: 'error_rate', comparison: 'above', threshold: 0.5, forSeconds: 0, severity: 'critical' };
const EXAMPLES = { task: 'classification', actual: ['a', 'b'], predicted: ['a', 'b'] };

let modelyard: Harness;
const ids: Record<string, string> = {};
const keys = {} as Record<'acme' | 'rival' | 'buyer' | 'lesser' | 'operator', string>;
const id = (name: string) => () => ids[name] ?? `no ${name}`;
const bot = () => 'acme%2Fbot';

/** Method and path, as the document has them: those that only look come first, those that end an object last. */
const ROWS: Readonly<Record<string, Row>> = {
  'get /v1/models/{model}': { of: 'acme', id: () => 'acme/bot' },
  'get /v2/models/{model}': { of: 'acme', id: () => 'acme/bot' },
  'get /v2/models/{model}/ready': { of: 'acme', id: () => 'acme/bot' },
  'get /v2/models/{model}/config': { of: 'acme', id: () => 'acme/tensor' },
  'get /v2/models/{model}/stats': { of: 'acme', id: () => 'acme/tensor' },
  'post /v2/models/{model}/infer': { of: 'acme', id: () => 'acme/tensor', body: { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] } },
  'get /api/v1/models/{name}': { of: 'acme', id: bot },
  'get /api/v1/models/{name}/estimate': { of: 'acme', id: bot },
  'put /api/v1/models/{name}/labels': { of: 'acme', id: bot, body: { label: 'stable', version: 1 } },
  'get /api/v1/blobs/{digest}': { of: 'acme', id: () => DIGEST, absent: { digest: DIGEST, bytes: 0, complete: false } },
  'put /api/v1/blobs/{digest}': {
    of: 'acme',
    id: () => DIGEST,
    body: BYTES.subarray(0, 4),
    headers: { 'content-type': 'application/octet-stream', 'content-range': `bytes 0-3/${BYTES.length}` },
    absent: { digest: DIGEST, bytes: 4, complete: false },
  },
  'post /api/v1/starters/{name}/pull': { of: 'operator', id: () => 'no-such-starter' },
  'get /api/v1/deployments/{name}': { of: 'acme', id: bot },
  'patch /api/v1/deployments/{name}': { of: 'acme', id: bot, body: { minReplicas: 1 } },
  'get /api/v1/deployments/{name}/logs': { of: 'acme', id: bot },
  'get /api/v1/deployments/{name}/rollouts': { of: 'acme', id: bot },
  'post /api/v1/deployments/{name}/rollouts': { of: 'acme', id: bot, body: { model: 'acme/bot:1' } },
  'post /api/v1/deployments/{name}/rollback': { of: 'acme', id: bot },
  'post /api/v1/deployments/{name}/drain': { of: 'acme', id: bot, body: {} },
  'put /api/v1/deployments/{name}/slo': { of: 'acme', id: bot, body: { availability: 0.9 } },
  'get /api/v1/deployments/{name}/slo': { of: 'acme', id: bot },
  'put /api/v1/upstreams/{name}': { of: 'operator', id: () => 'other', body: { url: 'https://192.0.2.1/v1', dialect: 'openai' } },
  'get /api/v1/jobs/{id}': { of: 'acme', id: id('job') },
  'get /api/v1/alerts/rules/{id}': { of: 'acme', id: id('rule') },
  'put /api/v1/alerts/rules/{id}': { of: 'acme', id: id('rule'), body: RULE },
  'post /api/v1/alerts/rules/{id}/secret': { of: 'acme', id: id('rule'), refused: 'no_webhook' },
  'get /api/v1/evaluations/{id}': { of: 'acme', id: id('evaluation') },
  'get /api/v1/evaluations/{id}/compare': { of: 'acme', id: id('evaluation'), query: 'with=' },
  'post /api/v1/evaluations/{id}/gate': { of: 'acme', id: id('evaluation'), body: { conditions: ['accuracy>=0.5'] } },
  'get /api/v1/evaluations/runs/{job}': { of: 'acme', id: id('job') },
  'post /api/v1/evaluations/runs/{job}/resume': { of: 'acme', id: id('job') },
  'post /api/v1/evaluations/runs/{job}/cancel': { of: 'acme', id: id('job') },
  'get /api/v1/listings/{id}': { of: 'acme', id: id('listing') },
  'get /api/v1/listings/{id}/subscriptions': { of: 'acme', id: id('listing') },
  'patch /api/v1/listings/{id}': { of: 'acme', id: id('listing'), body: { title: 'x' } },
  'post /api/v1/listings/{id}/plans': { of: 'acme', id: id('listing'), body: { ...PLAN, name: 'second' } },
  'post /api/v1/listings/{id}/submit': { of: 'acme', id: id('listing'), body: {} },
  'post /api/v1/listings/{id}/approve': { of: 'operator', id: id('listing'), body: {} },
  'post /api/v1/listings/{id}/reject': { of: 'operator', id: id('listing'), body: { reason: 'x' } },
  'patch /api/v1/plans/{id}': { of: 'acme', id: id('plan'), body: { open: true } },
  'get /api/v1/plans/{id}/prices': { of: 'acme', id: id('plan') },
  'put /api/v1/plans/{id}/price': { of: 'acme', id: id('plan'), body: PRICE },
  'get /api/v1/subscriptions/{id}': { of: 'buyer', id: id('subscription') },
  'put /api/v1/subscriptions/{id}/keys': { of: 'buyer', id: id('subscription'), body: {} },
  'post /api/v1/subscriptions/{id}/accept': { of: 'buyer', id: id('subscription'), body: {} },
  'patch /api/v1/budgets/{id}': { of: 'buyer', id: id('budget'), body: { limit: '8' } },
  'post /api/v1/gateways/{name}/abandon': { of: 'operator', id: () => 'nowhere', body: {} },
  'get /api/v1/receipts/{requestId}': { of: 'acme', id: id('receipt') },
  'post /api/v1/keys/{id}/rotate': { of: 'acme', id: id('key'), body: { overlapSeconds: 60 } },
  'post /api/v1/listings/{id}/withdraw': { of: 'acme', id: id('listing'), body: {} },
  'delete /api/v1/upstreams/{name}': { of: 'operator', id: () => 'other' },
  'delete /api/v1/budgets/{id}': { of: 'buyer', id: id('budget') },
  'delete /api/v1/subscriptions/{id}': { of: 'buyer', id: id('subscription') },
  'delete /api/v1/alerts/rules/{id}': { of: 'acme', id: id('rule') },
  'delete /api/v1/deployments/{name}/slo': { of: 'acme', id: bot },
  'delete /api/v1/keys/{id}': { of: 'acme', id: id('key') },
  'delete /api/v1/members/{id}': { of: 'acme', id: id('member') },
  'delete /api/v1/deployments/{name}': { of: 'acme', id: bot },
  'delete /api/v1/models/{name}': { of: 'acme', id: bot },
};

/** Of the routes without a parameter: what of them an inner object could be seen by. A query that names one of acme's. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  '/v1/models': [''],
  '/v2': [''],
  '/v2/models/stats': [''],
  '/api/v1/whoami': [''],
  '/api/v1/keys': ['', '?org=acme'],
  '/api/v1/orgs': [''],
  '/api/v1/members': ['', '?org=acme'],
  '/api/v1/usage': ['', '?all=true', '?by=key&all=true'],
  '/api/v1/usage/calls': ['', '?all=true'],
  '/api/v1/models': [''],
  '/api/v1/starters': [''],
  '/api/v1/deployments': [''],
  '/api/v1/nodes': [''],
  '/api/v1/upstreams': [''],
  '/api/v1/jobs': [''],
  '/api/v1/events': ['', '?deployment=acme%2Fbot'],
  '/api/v1/figures': [''],
  '/api/v1/alerts': ['', '?deployment=acme%2Fbot'],
  '/api/v1/alerts/deliveries': ['', '?rule=RULE'],
  '/api/v1/alerts/rules': [''],
  '/api/v1/history': ['?deployment=acme%2Fbot'],
  '/api/v1/slos': [''],
  '/api/v1/evaluations': ['', '?model=acme%2Fbot'],
  '/api/v1/costs': ['', '?by=model'],
  '/api/v1/costs/rates': [''],
  '/api/v1/search': ['', '?q=acme', '?q=bot'],
  '/api/v1/listings': [''],
  '/api/v1/subscriptions': [''],
  '/api/v1/budgets': [''],
  '/api/v1/wallet': ['', '?org=acme'],
  '/api/v1/ledger/check': [''],
  '/api/v1/gateways': [''],
  '/api/v1/receipts/key': [''],
  '/api/v1/statements': ['', '?org=acme'],
  '/api/v1/audit': ['', '?all=true'],
  '/metrics': [''],
};

/** The key that receipts are verified by is for everybody, and so is the protocol's name. */
const PUBLIC = new Set(['/v2', '/api/v1/receipts/key']);

/** Orders that name an object of acme's in their body: to others it does not exist. */
const ORDERS: readonly (readonly [path: string, body: () => unknown])[] = [
  ['/api/v1/keys', () => ({ name: 'x', org: 'acme' })],
  ['/api/v1/members', () => ({ name: 'x', role: 'consumer', org: 'acme' })],
  ['/api/v1/deployments', () => ({ model: 'acme/bot' })],
  ['/api/v1/deployments', () => ({ model: 'acme/bot', name: 'rival/bot' })],
  ['/api/v1/evaluations/runs', () => ({ deployment: 'acme/bot', dataset: ids['dataset'], task: 'generation' })],
  ['/api/v1/alerts/rules', () => ({ ...RULE, name: 'y', deployment: 'acme/bot' })],
  ['/api/v1/listings', () => ({ deployment: 'acme/bot' })],
  ['/api/v1/subscriptions', () => ({ listing: ids['listing'] })],
  ['/api/v1/budgets', () => ({ key: ids['key'], limit: '1', period: 'day' })],
  ['/v1/chat/completions', () => chatBody('acme/bot', 'x')],
];

type Document = { readonly paths: Record<string, Record<string, unknown>> };
const routes = async (): Promise<readonly string[]> =>
  Object.entries((await get<Document>(modelyard, '/openapi.json')).paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));

beforeAll(async () => {
  modelyard = await startHarness();
  keys.operator = modelyard.key;
  for (const name of ['acme', 'rival', 'buyer']) await post(modelyard, '/api/v1/orgs', { name });
  const { key: acme } = await modelyard.makeKey({ name: 'acme', org: 'acme', role: 'publisher' });
  keys.rival = (await modelyard.makeKey({ name: 'rival', org: 'rival', role: 'publisher' })).key;
  keys.buyer = (await modelyard.makeKey({ name: 'buyer', org: 'buyer', role: 'publisher' })).key;
  const scopes: Scope[] = ['metrics'];
  keys.lesser = (await modelyard.makeKey({ name: 'lesser', org: 'acme', scopes })).key;
  keys.acme = acme;
  await modelyard.deployEcho('acme/bot');
  const x = { datatype: 'FP32', shape: [-1] } as const;
  await modelyard.deployEcho('acme/tensor', { task: 'tensor', signature: { inputs: [{ name: 'x', ...x }], outputs: [{ name: 'y', ...x }] } });
  const made = async <T extends { id: string }>(path: string, body: unknown, key = acme) => post<T>(modelyard, path, body, key);
  ids['key'] = (await post<{ details: { id: string } }>(modelyard, '/api/v1/keys', { name: 'other' }, acme)).details.id;
  ids['member'] = (await made('/api/v1/members', { name: 'eve', role: 'consumer' })).id;
  ids['rule'] = (await post<{ rule: { id: string } }>(modelyard, '/api/v1/alerts/rules', RULE, acme)).rule.id;
  ids['evaluation'] = (await made('/api/v1/evaluations', { model: 'acme/bot:1', examples: EXAMPLES })).id;
  const octets = { 'content-type': 'application/octet-stream' };
  const dataset = await modelyard.call('/api/v1/datasets?format=jsonl', { key: acme, body: Buffer.from('{"prompt":"a","reference":"a"}'), headers: octets });
  ids['dataset'] = ((await dataset.json()) as { digest: string }).digest;
  ids['job'] = (await made('/api/v1/evaluations/runs', { deployment: 'acme/bot', dataset: ids['dataset'], task: 'generation' })).id;
  ids['listing'] = (await made('/api/v1/listings', { deployment: 'acme/bot', visibility: 'private', visibleTo: ['buyer'] })).id;
  ids['plan'] = (await made(`/api/v1/listings/${ids['listing']}/plans`, PLAN)).id;
  await post(modelyard, `/api/v1/listings/${ids['listing']}/submit`, {}, acme);
  ids['subscription'] = (await made('/api/v1/subscriptions', { listing: ids['listing'] }, keys.buyer)).id;
  ids['budget'] = (await made('/api/v1/budgets', { limit: '7', period: 'total' }, keys.buyer)).id;
  const answer = await modelyard.call('/v1/chat/completions', { key: acme, body: chatBody('acme/bot', 'hello') });
  ids['receipt'] = answer.headers.get('x-request-id') ?? '';
  const range = { ...octets, 'content-range': `bytes 0-${BYTES.length - 1}/${BYTES.length}` };
  await modelyard.call(`/api/v1/blobs/${DIGEST}`, { method: 'PUT', key: acme, body: BYTES, headers: range });
  // The run's calls and this one.
  for (;;) {
    const job = await get<{ state: string }>(modelyard, `/api/v1/jobs/${ids['job']}`, acme);
    if (job.state !== 'running') break;
    await pause(20);
  }
  await usageOf(modelyard, 'acme/bot', 2);
});
afterAll(() => modelyard.stop());

test('X8: every route of the API’s document has its row', async () => {
  const all = await routes();
  const withObject = all.filter((route) => route.includes('{'));
  expect(withObject.toSorted(), 'a route to an object that is new needs a row').toEqual(Object.keys(ROWS).toSorted());
  const lists = all.filter((route) => route.startsWith('get ') && !route.includes('{')).map((route) => route.slice('get '.length));
  expect(lists.toSorted(), 'a list that is new needs a row').toEqual(Object.keys(LISTS).toSorted());
});

test('X8: no list shows an object of another organisation, whatever its query names', async () => {
  const secrets = ['acme', ...Object.values(ids)];
  for (const [path, queries] of Object.entries(LISTS)) {
    for (const query of queries) {
      const response = await modelyard.call(path + query.replace('RULE', ids['rule'] ?? ''), { key: keys.rival });
      expect([200, 403, 404], `${path}${query}`).toContain(response.status);
      const text = (await response.text()).replaceAll('"acme"', '');
      // A refusal says again what was asked for.
      if (response.status !== 404) for (const secret of secrets) expect(text.includes(secret), `${path}${query} shows ${secret}`).toBe(false);
      if (!PUBLIC.has(path)) expect((await modelyard.call(path + query, { key: null })).status, `${path} by nobody`).toBe(401);
    }
  }
});

test('X8: an object of another organisation that an order names does not exist, and nobody orders anything without a key', async () => {
  for (const [path, body] of ORDERS) {
    const response = await modelyard.call(path, { key: keys.rival, body: body() });
    expect([403, 404], `${path}: ${await response.text()}`).toContain(response.status);
    if (response.status === 403) expect(JSON.stringify(body()), path).toContain('rival/bot');
  }
  for (const route of await routes()) {
    const [method = '', path = ''] = route.split(' ');
    if (path.includes('{') || method === 'get') continue;
    expect((await modelyard.call(path, { method: method.toUpperCase(), key: null, body: {} })).status, route).toBe(401);
    expect([403], route).toContain((await modelyard.call(path, { method: method.toUpperCase(), key: keys.lesser, body: {} })).status);
  }
});

test('X8: each route to an object: its owner’s, for another organisation not there, closed to a lesser key and to nobody', async () => {
  const foreign = new Map<string, number>();
  for (const [route, { of, id: idOf, query, body, headers, absent, refused }] of Object.entries(ROWS)) {
    const [method = '', path = ''] = route.split(' ');
    const url = `${path.replace(/\{\w+\}/, idOf())}${query === undefined ? '' : `?${query}${idOf()}`}`;
    const ask = (key: string | null) =>
      modelyard.call(url, {
        method: method.toUpperCase(),
        key,
        ...(headers && { headers }),
        ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
      });
    expect((await ask(null)).status, `${route} by nobody`).toBe(401);
    expect((await ask(keys.lesser)).status, `${route} by a lesser key`).toBe(403);
    const other = await ask(keys.rival);
    const text = await other.text();
    if (absent === undefined) expect([other.status, text.length < 1_000], `${route} by another organisation: ${text}`).toEqual([of === 'operator' ? 403 : 404, true]);
    else expect(JSON.parse(text), `${route} by another organisation`).toMatchObject(absent as object);
    if (of === 'operator') expect((await ask(keys.acme)).status, `${route} by a publisher`).toBe(403);
    foreign.set(route, other.status);
    const own = await ask(keys[of]);
    const said = await own.text();
    if (of === 'operator') expect(own.status, `${route} by an operator: ${said}`).toBeLessThan(500);
    else if (refused !== undefined) expect(said, route).toContain(refused);
    else expect(OWNERS, `${route} by its owner: ${own.status} ${said}`).toContain(own.status);
  }
  expect(foreign.size).toBe(Object.keys(ROWS).length);
}, 60_000);
