import { afterEach, beforeEach, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { openMarket, post, walletOf } from '../market.ts';

/** What is held is never less than what can be charged, whatever the model tells of itself. */
let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
  for (const name of ['lab', 'acme']) await post(modelyard, '/api/v1/orgs', { name });
});
afterEach(() => modelyard.stop());

test('M2: a model that tells no context holds as many tokens as were asked for, and for each byte of the prompt', async () => {
  await modelyard.deployEcho('lab/echo');
  const { consumer, model } = await openMarket(modelyard, 'echo', { rates: { input_tokens: '1', output_tokens: '1' }, credit: '0.01' });
  const call = (content: string, most: number) => modelyard.call('/v1/chat/completions', { key: consumer, body: chatBody(model, content, { max_tokens: most }) });
  // 10,000 tokens' worth of credit.
  expect((await call('[[tokens:30000]] w', 30_000)).status).toBe(402);
  expect((await call('w '.repeat(6_000), 5)).status).toBe(402);
  expect((await call('hi', 5)).status).toBe(200);
});

test('M2: several prompts hold several contexts', async () => {
  await modelyard.deployEcho('lab/echo', { contextLength: 100 });
  const { consumer, model } = await openMarket(modelyard, 'echo', { rates: { input_tokens: '1' }, credit: '0.0005' });
  const complete = (prompts: number) =>
    modelyard.call('/v1/completions', { key: consumer, body: { model, prompt: Array.from({ length: prompts }, () => 'w '.repeat(90)), max_tokens: 1 } });
  // 500 tokens' worth of credit.
  expect((await complete(20)).status).toBe(402);
  expect((await complete(1)).status).toBe(200);
  await expect.poll(() => walletOf(modelyard, consumer), { timeout: 10_000 }).toBe('0.00041');
});
