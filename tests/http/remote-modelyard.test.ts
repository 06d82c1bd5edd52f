import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { get, openMarket, post, walletOf } from '../market.ts';
import { readEvents, said, usageOf } from './support.ts';

/** One Modelyard sells what another one serves: two whole products, in one process, that know each other by address and key only. */
let far: Harness;
let near: Harness;
let address: string;
beforeAll(async () => {
  far = await startHarness();
  await far.deployEcho('echo', { contextLength: 1_000 });
  address = new URL(far.url).host;
  near = await startHarness({ file: { egress: { allow: [address] } } });
  const { key } = await far.makeKey({ name: 'reseller', scopes: ['inference', 'models.read'], allowedModels: ['echo'] });
  await near.call('/api/v1/upstreams/far', { method: 'PUT', body: { url: `http://${address}/v1`, dialect: 'openai', credential: key } });
  for (const name of ['lab', 'acme']) await post(near, '/api/v1/orgs', { name });
});
afterAll(async () => {
  await near.stop();
  await far.stop();
});

test('another Modelyard as remote: streamed and whole, its tokens are those of the receipt, and the consumer pays for them', async () => {
  // The deployment is the publisher's; the version that it runs is the operator's, since calls of it cost the operator.
  const { operator, control } = near.running;
  const lab = { ...operator, orgName: 'lab', orgId: (await get<{ data: { name: string; id: string }[] }>(near, '/api/v1/orgs')).data.find(({ name }) => name === 'lab')?.id ?? '' };
  await control.registry.publish(lab, { name: 'lab/far', files: [], engine: { remote: 'far', task: 'chat', model: 'echo', contextLength: 1_000 }, origin: 'test' });
  await control.deployments.deploy(lab, { model: 'lab/far' });
  await control.deployments.ready(lab, 'lab/far');
  const market = await openMarket(near, 'far', { rates: { input_tokens: '1000000', output_tokens: '2000000' }, credit: '10000' });

  const whole = await near.call('/v1/chat/completions', { body: chatBody('lab/far', 'one two three'), key: market.consumer });
  const body = (await whole.json()) as { choices: { message: { content: string } }[]; usage: { prompt_tokens: number; completion_tokens: number } };
  expect([whole.status, body.choices[0]?.message.content]).toEqual([200, 'one two three']);

  const streamed = await near.call('/v1/chat/completions', { body: chatBody('lab/far', 'one two three', { stream: true }), key: market.consumer });
  const text = await streamed.text();
  expect(said(readEvents(text).chunks)).toBe('one two three');
  expect(text).not.toContain('usage');

  const rows = await usageOf(near, 'lab/far', 2);
  const theirs = await usageOf(far, 'echo', 2);
  for (const [index, { promptTokens, completionTokens, estimated }] of rows.entries()) {
    expect(estimated).toBe(false);
    expect({ promptTokens, completionTokens }).toEqual({ promptTokens: theirs[index]?.promptTokens, completionTokens: theirs[index]?.completionTokens });
  }
  const id = whole.headers.get('x-modelyard-receipt') ?? '';
  await expect.poll(async () => (await near.call(`/api/v1/receipts/${id}`, { key: market.consumer })).status, { timeout: 10_000 }).toBe(200);
  const { receipt } = await get<{ receipt: { total: string; estimated: boolean } }>(near, `/api/v1/receipts/${id}`, market.consumer);
  const { prompt_tokens: input, completion_tokens: output } = body.usage;
  const each = input + 2 * output;
  expect(receipt).toMatchObject({ total: `${each}.00`, estimated: false });
  // Once the lease of what it did not need has come back.
  await expect.poll(() => walletOf(near, market.consumer), { timeout: 15_000 }).toBe(`${10_000 - 2 * each}.00`);
});

test('a key that the other Modelyard revokes is our fault, not the client’s: 502', async () => {
  const { key, id } = await far.makeKey({ name: 'second', scopes: ['inference', 'models.read'] });
  await near.call('/api/v1/upstreams/second', { method: 'PUT', body: { url: `http://${address}/v1`, dialect: 'openai', credential: key } });
  await near.call('/api/v1/models', { body: { name: 'second', files: [], engine: { remote: 'second', task: 'chat', model: 'echo' } } });
  await near.call('/api/v1/deployments', { body: { model: 'second' } });
  await near.running.control.deployments.ready(near.running.operator, 'second');
  expect((await near.call('/v1/chat/completions', { body: chatBody('second', 'hi') })).status).toBe(200);
  await far.call(`/api/v1/keys/${id}`, { method: 'DELETE' });
  const response = await near.call('/v1/chat/completions', { body: chatBody('second', 'hi') });
  expect([response.status, await response.text()]).toEqual([502, expect.not.stringContaining(key)]);
});
