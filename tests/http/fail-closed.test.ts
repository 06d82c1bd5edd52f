import { afterEach, beforeEach, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { openMarket, post } from '../market.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
  for (const name of ['lab', 'acme']) await post(modelyard, '/api/v1/orgs', { name });
  await modelyard.deployEcho('lab/bot');
});
afterEach(() => modelyard.stop());

const called = () => [...modelyard.launcher.calls.values()].reduce((sum, count) => sum + count, 0);
const broken = () => {
  throw new TypeError('broken at /srv/policy.ts');
};
async function refused(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBeGreaterThanOrEqual(500);
  expect(text).not.toContain('/srv/policy');
}

test('X47: when who may call can not be told, nobody calls: neither a model nor the control API', async () => {
  const { entitlements } = modelyard.running.control;
  const { find } = entitlements;
  entitlements.find = broken;
  const before = called();
  for (const [path, body] of [
    [CHAT, chatBody('lab/bot', 'x')],
    ['/v2/models/lab/bot/infer', { inputs: [] }],
    ['/v1/models', undefined],
    ['/v2/repository/models/lab/bot/unload', {}],
    ['/api/v1/orgs', { name: 'mine' }],
    ['/api/v1/keys', undefined],
  ] as const)
    await refused(await modelyard.call(path, body === undefined ? {} : { body }));
  entitlements.find = find.bind(entitlements);
  expect(called()).toBe(before);
  expect(await (await modelyard.call('/api/v1/orgs')).text()).not.toContain('mine');
  expect((await modelyard.call(CHAT, { body: chatBody('lab/bot', 'x') })).status).toBe(200);
});

test('X47: when it can not be told whether a paid call has its credit, it is not served', async () => {
  const { consumer, model } = await openMarket(modelyard, 'bot', { rates: { input_tokens: '1000', output_tokens: '1000' }, credit: '100' });
  const { own } = modelyard.running.control;
  const lease = own.lease.bind(own);
  own.lease = broken;
  const before = called();
  await refused(await modelyard.call(CHAT, { key: consumer, body: chatBody(model, 'x') }));
  own.lease = () => Promise.reject(new TypeError('broken at /srv/policy.ts'));
  await refused(await modelyard.call(CHAT, { key: consumer, body: chatBody(model, 'x') }));
  expect(called()).toBe(before);
  own.lease = lease;
  await expect.poll(async () => (await modelyard.call(CHAT, { key: consumer, body: chatBody(model, 'x') })).status).toBe(200);
});

test('X47: when it can not be told whether a key was used before, or whose an object is, nothing is done', async () => {
  const { replays, identity } = modelyard.running.control;
  const before = called();
  replays.claim = broken;
  await refused(await modelyard.call(CHAT, { body: chatBody('lab/bot', 'x'), headers: { 'idempotency-key': 'k' } }));
  expect(called()).toBe(before);
  identity.orgIdFor = broken;
  await refused(await modelyard.call('/api/v1/keys', { body: { name: 'x', org: 'acme' } }));
  expect(await identity.listKeys((await identity.orgByName('acme')).id)).toEqual([]);
});
