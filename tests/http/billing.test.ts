import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SignedReceipt, verifyReceipt } from '../../src/contract/receipt.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Statement {
  readonly opening: string;
  readonly closing: string;
  readonly foots: boolean;
  readonly lines: readonly {
    readonly kind: string;
    readonly amount: string;
    readonly of: { readonly deployment: string; readonly calls: number; readonly gross: string } | null;
  }[];
  readonly accounts: readonly { readonly account: string; readonly closing: string }[];
}

/** From a paid call to its receipt, its refund, the statements and the publisher's money, as people do it: by HTTP and by commands. */
describe('money, from a call to a statement', () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-bill-'));
  let modelyard: Harness;
  let maker: string;
  let buyer: string;
  let stranger: string;

  const api = async <T>(key: string, path: string, body?: unknown): Promise<{ status: number; body: T; code: string; headers: Headers }> => {
    const response = await modelyard.call(`/api/v1${path}`, { key, ...(body !== undefined && { body }) });
    const answer = JSON.parse((await response.text()) || '{}') as T & { error?: { code: string } };
    return { status: response.status, body: answer, code: answer.error?.code ?? '', headers: response.headers };
  };
  const run = (key: string, ...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: folder, NO_COLOR: '1', ...(key !== '' && { MODELYARD_URL: modelyard.url, MODELYARD_API_KEY: key }) };
      execFile(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  const list = async (deployment: string, plan: Record<string, unknown>) => {
    const { body: made } = await api<{ id: string }>(maker, '/listings', { deployment, visibility: 'public' });
    expect((await api(maker, `/listings/${made.id}/plans`, plan)).status).toBe(201);
    await api(maker, `/listings/${made.id}/submit`, {});
    expect((await api(modelyard.key, `/listings/${made.id}/approve`, {})).status).toBe(200);
    expect((await api(buyer, '/subscriptions', { listing: made.id })).status).toBe(201);
  };
  /** A call of the buyer's; returns its id. */
  const chat = async (model: string, content = 'one two three') => {
    const response = await modelyard.call('/v1/chat/completions', { key: buyer, body: chatBody(model, content) });
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    return response.headers.get('x-request-id') ?? '';
  };
  /** Its receipt, once the call is posted. */
  const receiptOf = async (id: string) => {
    await expect.poll(async () => (await api(buyer, `/receipts/${id}`)).status, { timeout: 5_000 }).toBe(200);
    return (await api<SignedReceipt>(buyer, `/receipts/${id}`)).body;
  };
  const statement = async (key: string, kind: string, more = '') => (await api<Statement>(key, `/statements?kind=${kind}${more}`)).body;

  beforeAll(async () => {
    modelyard = await startHarness({ file: { costing: { currency: 'EUR' }, market: { taxBasisPoints: 2_000, publisherShareBasisPoints: 7_500 } } });
    for (const org of ['maker', 'buyer', 'stranger']) await modelyard.call('/api/v1/orgs', { body: { name: org } });
    maker = (await modelyard.makeKey({ name: 'maker', org: 'maker', role: 'publisher' })).key;
    buyer = (await modelyard.makeKey({ name: 'buyer', org: 'buyer' })).key;
    stranger = (await modelyard.makeKey({ name: 'stranger', org: 'stranger', role: 'publisher' })).key;
    await modelyard.deployEcho('maker/bot');
    await modelyard.deployEcho('maker/free');
    await list('maker/bot', { name: 'standard', kind: 'pay_per_use', rates: { requests: '1000' } });
    await list('maker/free', { name: 'free', kind: 'free', quota: { unit: 'requests', amount: 2, period: 'total' } });
    await api(modelyard.key, '/credits', { id: 't-1', org: 'buyer', amount: '20' });
  });
  afterAll(async () => {
    await modelyard.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a paid call has a signed receipt, which is recomputed offline with the public key alone; a changed one is found out', async () => {
    const id = await chat('maker/bot');
    const first = await api(buyer, `/receipts/${id}`);
    if (first.status !== 200) expect([first.status, first.code, first.headers.get('retry-after')]).toEqual([404, 'receipt_pending', '1']);
    const document = await receiptOf(id);
    expect(document.receipt).toMatchObject({
      id,
      organisation: 'buyer',
      deployment: 'maker/bot',
      total: '1.00',
      lines: [{ unit: 'requests', quantity: 1, rate: '1000.00', per: 1_000 }],
    });
    expect((await api(stranger, `/receipts/${id}`)).code).toBe('receipt_not_found');
    expect((await api(modelyard.key, `/receipts/${id}`)).status).toBe(200);
    const { publicKey } = (await (await modelyard.call('/api/v1/receipts/key', { key: null })).json()) as { publicKey: string };
    expect(verifyReceipt(document, publicKey)).toEqual([]);

    const [file, key] = [join(folder, 'receipt.json'), join(folder, 'key.pem')];
    expect((await run(buyer, 'receipt', 'get', id, '--out', file)).out).toMatch(/UNIT +USED +RATE +PER\nrequests +1 +1000\.00 +1000[\s\S]*total 1\.00 EUR/);
    writeFileSync(key, (await run(buyer, 'receipt', 'key')).out);
    // Neither a server nor a login.
    expect(await run('', 'receipt', 'verify', file, '--key', key)).toEqual({ code: 0, out: `✓ ${id}: 1.00 EUR is right, and signed\n`, err: '' });
    expect((await run('', 'receipt', 'verify', file, '--url', modelyard.url)).code).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"total": "1.00"', '"total": "0.50"'));
    const found = await run('', 'receipt', 'verify', file, '--key', key);
    expect(found.code).toBe(1);
    expect(found.out).toMatch(/✗ the signature does not fit.*\n✗ the total is 0\.50; .* 1000000 millionths/);
  }, 30_000);

  test('M31: a publisher refunds 40 % of what it was paid for, nobody else does; an operator pays it out, and refunds the rest from the platform', async () => {
    const id = await chat('maker/bot');
    await receiptOf(id);
    const refund = (key: string, body: Record<string, unknown>) => api<Record<string, string>>(key, '/refunds', { charge: id, id: 'r1', reason: 'slow', percent: 40, ...body });
    expect((await refund(stranger, {})).code).toBe('charge_not_found');
    expect((await refund(buyer, {})).status).toBe(403);
    // Of 1.00 tax is 0.20, and of the rest the publisher has three quarters.
    expect((await refund(maker, {})).body).toEqual({ id: 'r1', charge: id, amount: '0.40', publisher: '0.24', platform: '0.08', tax: '0.08', refunded: '0.40' });
    expect((await refund(maker, {})).body).toMatchObject({ refunded: '0.40' });
    expect((await refund(maker, { percent: 50 })).code).toBe('refund_conflict');
    expect((await refund(maker, { id: 'r2', percent: 61 })).code).toBe('refund_too_large');
    expect((await refund(maker, { id: 'r2', fromPlatform: true })).code).toBe('operator_only');
    expect((await refund(maker, { id: 'r2', amount: '0.1' })).status).toBe(400);
    expect((await run(modelyard.key, 'payout', 'maker', '0.96', '--id', 'p1')).out).toBe('0.96 paid out to maker; 0.00 is earned and not paid out.\n');
    expect((await run(modelyard.key, 'payout', 'maker', '0.01', '--id', 'p2')).err).toContain('has earned 0.00');
    expect((await refund(maker, { id: 'r2', percent: 10 })).code).toBe('publisher_paid_out');
    expect((await run(modelyard.key, 'refund', id, '--percent', '60', '--reason', 'slow', '--from-platform')).out).toContain('0.60 of');
    expect((await receiptOf(id)).receipt).toMatchObject({ total: '1.00', refunded: '1.00' });
  }, 30_000);

  test('statements foot, to the unit, for consumer, publisher and platform; whose they are not, does not see them', async () => {
    const consumer = await statement(buyer, 'consumer');
    expect(consumer).toMatchObject({ opening: '0.00', closing: '19.00', foots: true });
    expect(consumer.lines.map(({ kind, amount, of }) => [kind, amount, of?.deployment, of?.calls])).toEqual([
      ['top_up', '20.00', undefined, undefined],
      ['charge', '-2.00', 'maker/bot', 2],
      ['refund', '1.00', undefined, undefined],
    ]);
    const publisher = await statement(modelyard.key, 'publisher', '&org=maker');
    expect(publisher).toMatchObject({ opening: '0.00', closing: '0.00', foots: true });
    expect(publisher.lines.map(({ kind, amount, of }) => [kind, amount, of?.gross])).toEqual([
      ['earned', '1.20', '2.00'],
      ['refund', '-0.24', undefined],
      ['paid_out', '-0.96', undefined],
    ]);
    expect(await statement(maker, 'publisher')).toMatchObject({ lines: publisher.lines });
    const platform = await statement(modelyard.key, 'platform');
    expect(platform).toMatchObject({ closing: '0.00', foots: true });
    expect((await api(buyer, '/statements?kind=platform')).status).toBe(403);
    expect((await api(buyer, '/statements?org=maker')).code).toBe('org_not_found');
    expect((await api(buyer, '/statements?from=5&to=5')).status).toBe(400);

    const month = new Date().toISOString().slice(0, 7);
    const text = (await run(buyer, 'statement', '--month', month)).out;
    expect(text).toMatch(/charged maker\/bot +2 .* -2\.00\n/);
    expect(text).toMatch(/closing +19\.00\n[\s\S]*It adds up/);
    expect((await run(modelyard.key, 'statement', '--platform')).out).toMatch(/ACCOUNTS +OPENING +CHANGE +CLOSING\nrevenue/);
    expect((await run(buyer, 'statement', '--month', '2026-13')).code).toBe(2);
  }, 30_000);

  test('a budget’s shares are told of, once; what it has no room for is refused', async () => {
    expect((await api(buyer, '/budgets', { limit: '2', period: 'total', alertPercents: [50] })).status).toBe(201);
    await receiptOf(await chat('maker/bot'));
    await receiptOf(await chat('maker/bot'));
    const refused = await modelyard.call('/v1/chat/completions', { key: buyer, body: chatBody('maker/bot', 'more') });
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([402, 'budget_exceeded']);
    const reached = async () => {
      const { body } = await api<{ data: { state: string; reason: string }[] }>(buyer, '/events');
      return body.data.filter(({ state }) => state === 'budget_reached').map(({ reason }) => reason.slice(0, 4));
    };
    await expect.poll(reached).toEqual(['50 %']);
  }, 30_000);

  test('a free plan’s calls are counted, cost nothing, and end with its quota', async () => {
    const book = async () => (await api<{ transactions: number; faults: string[]; unbilled: string[] }>(modelyard.key, '/ledger/check')).body;
    const ids = [await chat('maker/free'), await chat('maker/free')];
    for (const id of ids) expect((await receiptOf(id)).receipt).toMatchObject({ total: '0.00', lines: [], chain: null, price: { rates: {} } });
    const refused = await modelyard.call('/v1/chat/completions', { key: buyer, body: chatBody('maker/free', 'more') });
    expect([refused.status, ((await refused.json()) as { error: { code: string } }).error.code]).toEqual([402, 'quota_exceeded']);
    expect(await book()).toMatchObject({ faults: [], unbilled: [] });
    expect((await run(modelyard.key, 'ledger', 'check')).out).toContain('0 calls not billed');
  }, 30_000);

  test('an operator sees gateways and what they hold; the own one is not abandoned', async () => {
    const { data } = (await api<{ data: { name: string; epoch: number; held: string }[] }>(modelyard.key, '/gateways')).body;
    expect(data).toMatchObject([{ epoch: 1 }]);
    const name = data[0]?.name ?? '';
    expect((await api(modelyard.key, `/gateways/${name}/abandon`, { force: true })).code).toBe('own_gateway');
    expect((await api(modelyard.key, '/gateways/nobody/abandon', {})).code).toBe('gateway_not_found');
    expect((await api(maker, '/gateways')).status).toBe(403);
    expect((await run(modelyard.key, 'gateways')).out).toContain(name);
  }, 30_000);
});
