import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ENGINE_HEADER } from '../../src/contract/engine-wire.ts';
import { type Harness, startHarness } from '../harness.ts';
import { get, openMarket, post, walletOf } from '../market.ts';
import { fakeForeignUpstream } from './support.ts';

/** More than what the sockets between take before anybody reads. */
const ANSWER_BYTES = 32 * 1_048_576;
const READ_BYTES = 16 * 1_048_576;
let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
  for (const name of ['lab', 'acme']) await post(modelyard, '/api/v1/orgs', { name });
});
afterEach(() => modelyard.stop());

/** Reads so many bytes of an answer, and goes. */
function readPart(key: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const call = request(`${modelyard.url}/v1/embeddings`, { method: 'POST', headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < READ_BYTES) return;
        call.destroy();
        resolve();
      });
      response.on('error', () => undefined);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

test('M14: who leaves while it reads vectors that were computed pays for them', async () => {
  const usage = JSON.stringify({ promptTokens: 1_000, cachedTokens: 0, completionTokens: 0 });
  await using upstream = await fakeForeignUpstream(
    modelyard,
    'lab/echo',
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER_BYTES, [ENGINE_HEADER.usage]: usage });
      response.end(Buffer.alloc(ANSWER_BYTES, ' '));
    },
    { echo: { task: 'embedding' } },
  );
  const { consumer, model } = await openMarket(modelyard, 'echo', { rates: { input_tokens: '1000' }, credit: '100' });
  await readPart(consumer, { model, input: 'word '.repeat(1_000) });
  expect(upstream.received).toHaveLength(1);
  const rows = async () => (await get<{ data: { promptTokens: number }[] }>(modelyard, '/api/v1/usage?by=model', consumer)).data;
  await expect.poll(async () => (await rows()).map(({ promptTokens }) => promptTokens), { timeout: 5_000 }).toEqual([1_000]);
  await expect.poll(() => walletOf(modelyard, consumer), { timeout: 10_000 }).toBe('99.00');
  expect(await get(modelyard, '/api/v1/ledger/check')).toMatchObject({ faults: [], unbilled: [] });
});
