import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyReceipt } from '../../src/contract/receipt.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { get, type Market, type MarketOptions, openMarket, post, walletOf } from '../market.ts';

const CHAT = '/v1/chat/completions';
let modelyard: Harness;
beforeEach(async () => {
  modelyard = await startHarness();
  for (const name of ['lab', 'acme']) await post(modelyard, '/api/v1/orgs', { name });
});
afterEach(() => modelyard.stop());

async function selling(options: MarketOptions, echo: Parameters<Harness['deployEcho']>[1] = {}): Promise<Market> {
  await modelyard.deployEcho('lab/echo', { contextLength: 100, ...echo });
  return openMarket(modelyard, 'echo', options);
}
const chat = ({ consumer, model }: Market, content = 'one two three', more: Record<string, unknown> = {}) =>
  modelyard.call(CHAT, { key: consumer, body: chatBody(model, content, { max_tokens: 10, ...more }) });
/** Waits until what was called is posted and given back. */
const settled = async ({ consumer }: Market, available: string) => expect.poll(() => walletOf(modelyard, consumer), { timeout: 10_000, interval: 50 }).toBe(available);
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;
const healthy = async () => expect(await get(modelyard, '/api/v1/ledger/check')).toMatchObject({ faults: [], unbilled: [] });

describe('a paid call', () => {
  test('is charged by what it used, shared with who published it, and has a receipt that anybody can recompute', async () => {
    const market = await selling({ rates: { input_tokens: '1000', output_tokens: '2000', requests: '5' }, credit: '100' });
    const answer = await chat(market);
    const { usage } = (await answer.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    const id = answer.headers.get('x-modelyard-receipt') ?? '';
    // Rates are for a million tokens and a thousand requests.
    const micros = BigInt(usage.prompt_tokens) * 1_000n + BigInt(usage.completion_tokens) * 2_000n + 5_000n;
    const total = `0.0${(micros / 1_000n).toString().padStart(2, '0')}`;
    await settled(market, `99.${(1_000n - micros / 1_000n).toString()}`);
    const signed = await get<{ receipt: { total: string } }>(modelyard, `/api/v1/receipts/${id}`, market.consumer);
    expect(signed.receipt.total.startsWith(total)).toBe(true);
    const { publicKey } = await get<{ publicKey: string }>(modelyard, '/api/v1/receipts/key');
    expect(verifyReceipt(signed, publicKey)).toEqual([]);
    const { closing } = await get<{ closing: string }>(modelyard, '/api/v1/statements?kind=publisher', market.publisher);
    expect(closing.replace(/0+$/, '')).toBe(`0.0${((micros * 8n) / 10_000n).toString().padStart(2, '0')}`.replace(/0+$/, ''));
    await healthy();
  });

  test('M2: of 50 at once that hold 100 each, a balance of 1,000 lets ten through; the others are 402 and reach no engine', async () => {
    const market = await selling({ rates: { requests: '0.1' }, credit: '0.001' }, { delayMs: 300, slots: 50 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => chat(market)));
    const refused = answers.filter(({ status }) => status === 402);
    expect([answers.filter(({ status }) => status === 200).length, refused.length]).toEqual([10, 40]);
    for (const answer of refused) expect(await codeOf(answer)).toBe('insufficient_quota');
    for (const answer of answers) if (!answer.bodyUsed) await answer.arrayBuffer();
    const calls = async () => (await get<{ data: { calls: number }[] }>(modelyard, '/api/v1/usage?by=model', market.consumer)).data.map((row) => row.calls);
    await expect.poll(calls, { timeout: 5_000 }).toEqual([10]);
    expect(await walletOf(modelyard, market.consumer)).toBe('0.00');
    await healthy();
  });

  test('M3: a rich organisation holds all the same', async () => {
    const market = await selling({ rates: { requests: '0.1' }, credit: '1000' });
    await (await chat(market, '[[tokens:5]] [[delay-ms:100]]')).json();
    const { data } = await get<{ data: { held: string }[] }>(modelyard, '/api/v1/gateways');
    expect(Number(data[0]?.held)).toBeGreaterThan(0);
    await settled(market, '999.9999');
  });

  test('without credit is 402 in the words of its protocol, and nothing runs', async () => {
    const market = await selling({ rates: { output_tokens: '10' } });
    const refused = await chat(market);
    expect(refused.status).toBe(402);
    expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_quota', type: expect.any(String) } });
    expect((await get<{ data: unknown[] }>(modelyard, '/api/v1/usage?by=model', market.consumer)).data).toEqual([]);
  });

  test('M17: that ends badly before its first byte costs nothing; M12: one that is left in the middle costs what was sent', async () => {
    const market = await selling({ rates: { output_tokens: '1000' }, credit: '1' });
    expect((await chat(market, '[[error:500]]')).status).toBeGreaterThanOrEqual(500);
    await settled(market, '1.00');
    const leave = new AbortController();
    const stream = await modelyard.call(CHAT, {
      key: market.consumer,
      body: chatBody(market.model, '[[tokens:90]] [[delay-ms:50]]', { stream: true, max_tokens: 90 }),
      signal: leave.signal,
    });
    const reader = stream.body?.getReader();
    await reader?.read();
    await reader?.read();
    leave.abort();
    await expect.poll(async () => Number(await walletOf(modelyard, market.consumer)), { timeout: 10_000 }).toBeGreaterThan(0.9);
    const left = Number(await walletOf(modelyard, market.consumer));
    expect(left).toBeLessThan(1);
    await healthy();
  });
});

describe('the owner', () => {
  test('calls its own deployment without a price, and has a receipt that says so', async () => {
    const market = await selling({ rates: { requests: '1' } });
    const answer = await modelyard.call(CHAT, { key: market.publisher, body: chatBody(market.model, 'hi') });
    expect(answer.status).toBe(200);
    const id = answer.headers.get('x-modelyard-receipt') ?? '';
    await expect.poll(async () => (await modelyard.call(`/api/v1/receipts/${id}`, { key: market.publisher })).status, { timeout: 5_000 }).toBe(200);
    expect(await get(modelyard, `/api/v1/receipts/${id}`, market.publisher)).toMatchObject({ receipt: { price: null, total: '0.00' } });
  });
});

describe('a free plan', () => {
  test('serves its quota and no more, without a wallet', async () => {
    const market = await selling({ quota: { unit: 'requests', amount: 3, period: 'day' } });
    const statuses: number[] = [];
    for (let call = 0; call < 5; call++) statuses.push((await chat(market)).status);
    expect(statuses).toEqual([200, 200, 200, 402, 402]);
    expect(await codeOf(await chat(market))).toBe('quota_exceeded');
  });
});

describe('M26: a hard budget', () => {
  test('of a key stops that key, and only it', async () => {
    const market = await selling({ rates: { requests: '100' }, credit: '10' });
    const { key, id } = await modelyard.makeKey({ name: 'small', org: 'acme', role: 'consumer' });
    await post(modelyard, '/api/v1/budgets', { key: id, limit: '0.25', period: 'day' }, market.consumer);
    const call = () => modelyard.call(CHAT, { key, body: chatBody(market.model, 'hi', { max_tokens: 5 }) });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await call()).status);
    expect(statuses).toEqual([200, 200, 402, 402]);
    expect(await codeOf(await call())).toBe('budget_exceeded');
    expect((await chat(market)).status).toBe(200);
    await healthy();
  });
});

describe('M27', () => {
  test('a price that is no more refuses paid calls, and is told of; it never means nothing', async () => {
    const market = await selling({ rates: { requests: '1' }, credit: '1' });
    const { entitlements } = modelyard.running.control;
    const entry = [...entitlements.all()].find(({ offers }) => offers.some(({ subscription }) => subscription === market.subscription));
    if (!entry) throw new Error('no entry');
    Object.assign(entry, { offers: entry.offers.map((offer) => (offer.subscription === market.subscription ? { ...offer, price: 'unavailable' } : offer)) });
    const refused = await chat(market);
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'price_unavailable']);
  });
});

describe('M28', () => {
  test('a call that began before a price changed is billed by the price that it began with', async () => {
    const market = await selling({ rates: { requests: '100' }, credit: '10' });
    const slow = chat(market, '[[tokens:4]] [[delay-ms:200]]');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const change = await modelyard.call(`/api/v1/plans/${market.plan}/price`, { method: 'PUT', key: market.publisher, body: { rates: { requests: '50' } } });
    expect(change.status).toBe(200);
    await (await slow).json();
    await (await chat(market)).json();
    await settled(market, '9.85');
  });
});

describe('M18: a call that goes from one to another', () => {
  test('is charged once, by the price of who answered it; nothing where the other is not the caller’s to call', async () => {
    const market = await selling({ rates: { requests: '100' }, credit: '10' }, { failEvery: 1 });
    await modelyard.deployEcho('lab/spare', { contextLength: 100 });
    const fallback = await modelyard.call('/api/v1/deployments/lab%2Fecho', { method: 'PATCH', key: market.publisher, body: { fallback: 'lab/spare' } });
    expect(fallback.status).toBe(200);
    expect((await chat(market)).status).toBe(502);
    await openMarket(modelyard, 'spare', { rates: { requests: '300' } });
    const answer = await chat(market);
    expect(answer.status).toBe(200);
    await settled(market, '9.70');
    const id = answer.headers.get('x-modelyard-receipt') ?? '';
    expect(await get(modelyard, `/api/v1/receipts/${id}`, market.consumer)).toMatchObject({ receipt: { deployment: 'lab/spare', total: '0.30' } });
    const { lines } = await get<{ lines: { kind: string; of: { calls: number } | null }[] }>(modelyard, '/api/v1/statements?kind=consumer', market.consumer);
    expect(lines.filter(({ kind }) => kind === 'charge').map(({ of }) => of?.calls)).toEqual([1]);
    await healthy();
  });
});

describe('M19: hedged calls', () => {
  test('are charged once each, whoever of the two answers', async () => {
    const market = await selling({ rates: { requests: '1' }, credit: '10' }, { slots: 4 });
    const patch = (body: unknown) => modelyard.call('/api/v1/deployments/lab%2Fecho', { method: 'PATCH', key: market.publisher, body });
    await patch({ replicas: 2 });
    await expect.poll(() => modelyard.launcher.calls.size, { timeout: 10_000 }).toBe(2);
    await patch({ hedge: true });
    let calls = 0;
    const ask = async (content: string) => {
      calls++;
      expect((await chat(market, content)).status).toBe(200);
    };
    for (let turn = 0; turn < 200; turn++) await ask('fast');
    for (let turn = 0; turn < 30; turn++) await ask('[[delay-ms:40]] slow');
    const attempts = [...modelyard.launcher.calls.values()].reduce((sum, count) => sum + count, 0);
    expect(attempts).toBeGreaterThan(calls);
    await settled(market, (10 - calls / 1_000).toFixed(2));
    await healthy();
  }, 60_000);
});
