import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { gauge, pause, slowCall, whileAdvancing } from './support.ts';
import { type WebhookReceiver, webhookReceiver } from './webhook-receiver.ts';

let clock: FakeClock;
let receiver: WebhookReceiver;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  receiver = await webhookReceiver();
  modelyard = await startHarness({ clock, file: { egress: { allow: [receiver.address] } } });
  await whileAdvancing(clock, modelyard.deployEcho('one'));
});
afterEach(async () => {
  await whileAdvancing(clock, modelyard.stop());
  await receiver[Symbol.asyncDispose]();
});

interface Alert {
  readonly state: string;
  readonly deployment: string;
  readonly ruleName: string;
  readonly reason: string;
  readonly value: number;
}
interface Made {
  readonly rule: { readonly id: string; readonly webhook?: { readonly url: string } };
  readonly secret?: string;
}
const ERRORS = { name: 'errors', metric: 'error_rate', comparison: 'above', threshold: 0.4, forSeconds: 20, severity: 'critical' };
const add = (more: Record<string, unknown> = {}, key?: string) => modelyard.call('/api/v1/alerts/rules', { body: { ...ERRORS, ...more }, ...(key !== undefined && { key }) });
const made = async (more?: Record<string, unknown>) => (await (await add(more)).json()) as Made;
const list = async <T>(path: string, key?: string) => ((await (await modelyard.call(path, key === undefined ? {} : { key })).json()) as { data: T[] }).data;
const alerts = (query = '', key?: string) => list<Alert>(`/api/v1/alerts${query}`, key);
const chat = (content: string, model = 'one') => whileAdvancing(clock, modelyard.call('/v1/chat/completions', { body: chatBody(model, content) }), 10);
const refusalOf = async (response: Response) => [response.status, ((await response.json()) as { error: { code: string } }).error.code];

/** Lets time pass in steps, each with room for what real sockets and the database's thread do. */
async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 5) {
    await clock.advance(Math.min(left, 5) * 1_000);
    await pause(15);
  }
}

test('an alert is pending, fires when its condition has held long enough, and is resolved when it holds no more; each step is an event', async () => {
  await add();
  await chat('[[error:500]]');
  await pass(10);
  expect(await alerts()).toMatchObject([{ state: 'pending', deployment: 'one', ruleName: 'errors', reason: 'error_rate is 1, above 0.4', value: 1 }]);
  await pass(20);
  expect(await alerts()).toMatchObject([{ state: 'firing' }]);
  await pass(60);
  expect(await alerts()).toMatchObject([{ state: 'resolved', reason: 'nothing was measured any more' }]);
  await pass(5);
  const events = await list<{ state: string; reason: string; deployment: string }>('/api/v1/events?deployment=one');
  expect(events.filter(({ state }) => state.startsWith('alert')).map(({ state, reason }) => `${state}: ${reason}`)).toEqual([
    'alert pending: errors: error_rate is 1, above 0.4',
    'alert firing: errors: error_rate is 1, above 0.4',
    'alert resolved: errors: nothing was measured any more',
  ]);
});

test('a condition that does not hold long enough never fires, and what a client got wrong is no failure', async () => {
  await add({ webhook: { url: receiver.url } });
  await chat('[[error:400]]');
  await pass(30);
  expect(await alerts()).toEqual([]);
  await chat('[[error:500]]');
  await pass(6);
  for (let good = 0; good < 5; good++) await chat('fine');
  await pass(6);
  expect(await alerts()).toMatchObject([{ state: 'resolved', reason: expect.stringMatching(/^error_rate is 0\.\d+, not above 0\.4 any more, before it fired$/) as string }]);
  await pass(60);
  expect(receiver.posted).toEqual([]);
});

test('latency, saturation and quality raise alerts too', async () => {
  await modelyard.call('/api/v1/alerts/rules', { body: { ...ERRORS, name: 'slow', metric: 'p99_ms', threshold: 500, forSeconds: 0 } });
  await modelyard.call('/api/v1/alerts/rules', { body: { ...ERRORS, name: 'slow-start', metric: 'first_byte_p99_ms', threshold: 500, forSeconds: 0, deployment: 'one' } });
  await modelyard.call('/api/v1/alerts/rules', { body: { ...ERRORS, name: 'full', metric: 'saturation', threshold: 0.01, forSeconds: 0 } });
  await modelyard.call('/api/v1/alerts/rules', {
    body: { ...ERRORS, name: 'bad', metric: 'quality', qualityMetric: 'accuracy', comparison: 'below', threshold: 0.8, forSeconds: 0 },
  });
  await modelyard.call('/api/v1/evaluations', { body: { model: 'one:1', examples: { task: 'classification', actual: ['a', 'b'], predicted: ['a', 'a'] } } });
  await slowCall(clock, modelyard, 'one', 1_500);
  const hanging = modelyard.call('/v1/chat/completions', { body: chatBody('one', '[[hang]]') }).catch(() => undefined);
  await expect.poll(() => gauge(modelyard, 'running', 'one')).toBe(1);
  await pass(10);
  expect((await alerts('?state=firing')).map(({ ruleName, reason }) => `${ruleName}: ${reason.replace(/\d{4,}(\.\d+)?/, 'N')}`).toSorted()).toEqual([
    'bad: accuracy is 0.5, below 0.8',
    'full: saturation is 0.125, above 0.01',
    'slow-start: first_byte_p99_ms is N, above 500',
    'slow: p99_ms is N, above 500',
  ]);
  modelyard.launcher.crash('one');
  await whileAdvancing(clock, hanging);
});

test('X46: a webhook is signed with a timestamp, by a secret that is shown once; neither it nor a key is in what is sent, stored or logged', async () => {
  const { rule, secret = '' } = await made({ webhook: { url: receiver.url }, forSeconds: 0 });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await chat('[[error:500]]');
  await pass(10);
  await expect.poll(() => receiver.posted.length).toBe(1);
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.posted;
  const expected = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    .digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  expect(Math.abs(Number(headers['webhook-timestamp']) - clock.now() / 1_000)).toBeLessThan(15);
  expect(JSON.parse(body)).toMatchObject({
    type: 'alert.firing',
    data: { rule: 'errors', deployment: 'one', metric: 'error_rate', value: 1, threshold: 0.4, severity: 'critical' },
  });
  await pass(70);
  await expect.poll(() => receiver.posted.length).toBe(2);
  expect(JSON.parse(receiver.posted[1]?.body ?? '')).toMatchObject({ type: 'alert.resolved' });
  const replies = await Promise.all(
    ['/api/v1/alerts', '/api/v1/alerts/rules', `/api/v1/alerts/rules/${rule.id}`, '/api/v1/alerts/deliveries'].map(async (path) => (await modelyard.call(path)).text()),
  );
  const everything = JSON.stringify(receiver.posted) + replies.join('');
  for (const hidden of [secret, secret.slice(6, 40), modelyard.key, modelyard.key.slice(3, 35)]) expect(everything).not.toContain(hidden);
});

test('X1: no file of the home but the signing key, readable by its owner only, tells of a webhook’s secret', async () => {
  const second = await startHarness({ database: join(modelyard.home, 'other.db') });
  const answer = (await (await second.call('/api/v1/alerts/rules', { body: { ...ERRORS, webhook: { url: 'https://93.184.215.14/hook' } } })).json()) as Made;
  const signingKey = readFileSync(join(second.home, 'signing.key'), 'utf8').trim();
  expect(statSync(join(second.home, 'signing.key')).mode & 0o777).toBe(0o600);
  const files = [
    ...readdirSync(second.home, { recursive: true, encoding: 'utf8' }).map((name) => join(second.home, name)),
    ...['', '-wal'].map((end) => join(modelyard.home, `other.db${end}`)),
  ];
  expect(answer.secret).toBeDefined();
  for (const file of files) {
    if (file.endsWith('signing.key') || !existsSync(file) || !statSync(file).isFile()) continue;
    const bytes = readFileSync(file);
    for (const hidden of [signingKey, answer.secret ?? '', answer.secret?.slice(6) ?? '']) expect(bytes.includes(hidden), file).toBe(false);
  }
  await second.stop();
});

test('X46: a receiver that fails is asked again, at most five times, further and further apart; each attempt can be seen', async () => {
  receiver.statuses.push(500, 302, 503, 500, 500, 500);
  const { rule } = await made({ webhook: { url: receiver.url }, forSeconds: 0 });
  await chat('[[error:500]]');
  await pass(10);
  await expect.poll(() => receiver.posted.length).toBeGreaterThanOrEqual(1);
  const first = receiver.posted[0]?.headers['webhook-id'];
  await pass(55);
  const of = (id: unknown) => receiver.posted.filter(({ headers }) => headers['webhook-id'] === id);
  await pass(120);
  expect(of(first)).toHaveLength(5);
  const times = of(first).map(({ headers }) => Number(headers['webhook-timestamp']));
  for (const [index, gap] of times
    .slice(1)
    .map((time, at) => time - (times[at] ?? 0))
    .entries()) {
    expect(gap, `gap ${index}`).toBeGreaterThanOrEqual(2 ** index - 1);
    expect(gap, `gap ${index}`).toBeLessThanOrEqual(2 ** (index + 1) + 6);
  }
  const deliveries = await list<{ id: string; state: string; attempts: number; httpStatus: number; problem: string }>(`/api/v1/alerts/deliveries?rule=${rule.id}`);
  expect(deliveries.find(({ id }) => id === first)).toMatchObject({ state: 'failed', attempts: 5, httpStatus: 500, problem: 'the receiver answered with status 500' });
  expect(deliveries.find(({ id }) => id !== first)).toMatchObject({ state: 'delivered', httpStatus: 204, problem: '' });
});

test('X46: a receiver passes X12: what only egress.allow opens is for operators, and metadata for nobody', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', role: 'publisher' });
  for (const url of ['http://169.254.169.254/', 'https://metadata.google.internal/', 'http://127.0.0.1:9/', 'file:///etc/passwd', 'https://user@example.com/']) {
    expect(await refusalOf(await add({ webhook: { url } })), url).toEqual([400, 'egress_refused']);
  }
  expect(await refusalOf(await add({ webhook: { url: receiver.url } }, key))).toEqual([400, 'egress_refused']);
  expect((await add({ webhook: { url: receiver.url } })).status).toBe(201);
});

test('X8: rules, alerts and deliveries are an organisation’s own; an operator sees all; who can not write sees no path of a receiver', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', role: 'publisher' });
  const { key: consumer } = await modelyard.makeKey({ name: 'reads', role: 'consumer' });
  const { rule } = await made({ webhook: { url: receiver.url }, forSeconds: 0 });
  await chat('[[error:500]]');
  await pass(10);
  expect(await alerts()).toHaveLength(1);
  for (const path of ['', '/rules', '/deliveries']) expect(await list(`/api/v1/alerts${path}`, key), path).toEqual([]);
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/secret'],
  ] as const) {
    expect((await modelyard.call(`/api/v1/alerts/rules/${rule.id}${path}`, { method, key })).status, `${method} ${path}`).toBe(404);
  }
  expect((await modelyard.call(`/api/v1/alerts/rules/${rule.id}`, { method: 'PUT', body: ERRORS, key })).status).toBe(404);
  expect((await add({ deployment: 'one' }, key)).status).toBe(404);
  expect((await add({}, consumer)).status).toBe(403);
  expect(await list<Made['rule']>('/api/v1/alerts/rules', consumer)).toMatchObject([{ webhook: { url: `http://${receiver.address}/…` } }]);
  expect((await add({ name: 'own' }, key)).status).toBe(201);
  expect(await list('/api/v1/alerts/rules')).toHaveLength(2);
});

test('rules are checked, replaced and removed; a secret can be renewed; an alert ends with its rule', async () => {
  const { rule, secret } = await made({ webhook: { url: receiver.url }, forSeconds: 0 });
  expect(await refusalOf(await add())).toEqual([409, 'alert_rule_exists']);
  expect(await refusalOf(await add({ name: 'x', metric: 'quality' }))).toEqual([400, 'invalid_value']);
  expect(await refusalOf(await add({ name: 'x', qualityMetric: 'accuracy' }))).toEqual([400, 'invalid_value']);
  expect(await refusalOf(await add({ name: 'x', threshold: 5 }))).toEqual([400, 'invalid_value']);
  expect(await refusalOf(await add({ name: 'x', deployment: 'nope' }))).toEqual([404, 'deployment_not_found']);
  expect(await refusalOf(await add({ name: 'x', byOperator: true }))).toEqual([400, 'unknown_parameter']);
  const path = `/api/v1/alerts/rules/${rule.id}`;
  const renewed = (await (await modelyard.call(`${path}/secret`, { method: 'POST' })).json()) as Made;
  expect([renewed.secret === secret, renewed.secret?.startsWith('whsec_')]).toEqual([false, true]);
  const replaced = (await (await modelyard.call(path, { method: 'PUT', body: { ...ERRORS, forSeconds: 0 } })).json()) as Made;
  expect(replaced).toEqual({ rule: expect.not.objectContaining({ webhook: expect.anything() }) as unknown });
  expect((await modelyard.call(`${path}/secret`, { method: 'POST' })).status).toBe(400);
  await chat('[[error:500]]');
  await pass(10);
  expect(await alerts('?state=firing')).toHaveLength(1);
  expect((await modelyard.call(path, { method: 'DELETE' })).status).toBe(204);
  await pass(10);
  expect(await alerts()).toMatchObject([{ state: 'resolved', reason: 'the rule or the deployment is gone' }]);
});

test('a start does not end an alert because the calls of before are forgotten; a minute without calls does', async () => {
  const home = `${modelyard.home}-third`;
  const start = () => startHarness({ clock, home, database: join(modelyard.home, 'third.db') });
  let server = await start();
  const { key } = server;
  await whileAdvancing(clock, server.deployEcho('two'));
  await server.call('/api/v1/alerts/rules', { body: { ...ERRORS, forSeconds: 0 } });
  await whileAdvancing(clock, server.call('/v1/chat/completions', { body: chatBody('two', '[[error:500]]') }), 1);
  await pass(10);
  await whileAdvancing(clock, server.stop(), 1);
  server = await start();
  await pass(30);
  const state = async () => ((await (await server.call('/api/v1/alerts', { key })).json()) as { data: Alert[] }).data.map((alert) => alert.state);
  expect(await state()).toEqual(['firing']);
  await pass(60);
  expect(await state()).toEqual(['resolved']);
  await whileAdvancing(clock, server.stop());
  rmSync(home, { recursive: true });
});

test('rules, open alerts and unsent messages survive a restart', async () => {
  const database = join(modelyard.home, 'restart.db');
  const home = `${modelyard.home}-second`;
  const start = () => startHarness({ clock, database, home, file: { egress: { allow: [receiver.address] } } });
  let server = await start();
  const { key } = server;
  await whileAdvancing(clock, server.deployEcho('two'));
  receiver.statuses.push(500);
  expect(
    (await server.call('/api/v1/alerts/rules', { body: { ...ERRORS, metric: 'saturation', comparison: 'below', forSeconds: 0, webhook: { url: receiver.url } } })).status,
  ).toBe(201);
  await pass(5);
  await expect.poll(() => receiver.posted.length).toBe(1);
  await whileAdvancing(clock, server.stop(), 1);
  server = await start();
  await expect.poll(async () => receiver.posted.length, { timeout: 5_000 }).toBe(2);
  expect(receiver.posted[1]?.headers['webhook-id']).toBe(receiver.posted[0]?.headers['webhook-id']);
  await pass(10);
  const after = ((await (await server.call('/api/v1/alerts', { key })).json()) as { data: Alert[] }).data;
  expect(after).toMatchObject([{ state: 'firing', deployment: 'two' }]);
  expect(receiver.posted).toHaveLength(2);
  await whileAdvancing(clock, server.stop());
  rmSync(home, { recursive: true });
});
