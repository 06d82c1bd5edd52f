import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';
import { get, post } from '../market.ts';
import { raw, rawRequest } from './support.ts';

/** What publishers write, and what a stranger's form or search may hold: data, whatever it looks like. */

const SCRIPT = '<img src=x onerror="alert(1)"><script>alert(1)</script>[x](javascript:alert(1))\u001B[2J';
let modelyard: Harness;
let publisher: string;
beforeAll(async () => {
  modelyard = await startHarness();
  await post(modelyard, '/api/v1/orgs', { name: 'lab' });
  publisher = (await modelyard.makeKey({ name: 'p', org: 'lab', role: 'publisher' })).key;
  await modelyard.deployEcho('lab/bot');
});
afterAll(() => modelyard.stop());

test('X40: what a publisher writes comes back as JSON that no browser takes for a page, and nothing of it is in the page of the docs', async () => {
  const texts = { title: SCRIPT.slice(0, 100), summary: SCRIPT, card: SCRIPT, tags: ['x'], visibility: 'public' };
  const { id } = await post<{ id: string }>(modelyard, '/api/v1/listings', { deployment: 'lab/bot', ...texts }, publisher);
  await post(modelyard, `/api/v1/listings/${id}/plans`, { name: 'p', kind: 'free', quota: { unit: 'requests', amount: 1, period: 'day' } }, publisher);
  await post(modelyard, `/api/v1/listings/${id}/submit`, {}, publisher);
  await post(modelyard, `/api/v1/listings/${id}/approve`, {});
  expect((await get<{ card: string }>(modelyard, `/api/v1/listings/${id}`)).card).toBe(SCRIPT);
  for (const path of [
    `/api/v1/listings/${id}`,
    '/api/v1/listings',
    '/api/v1/search',
    '/api/v1/models',
    '/api/v1/listings/%3Cimg%20src=x%20onerror=alert(1)%3E',
    '/api/v1/search?q=%3Cscript%3E',
  ]) {
    const response = await modelyard.call(path);
    expect(response.headers.get('content-type'), path).toMatch(/^application\/json/);
    expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
    await response.text();
  }
  const page = await modelyard.call('/docs/', { key: null });
  const policy = page.headers.get('content-security-policy') ?? '';
  const html = await page.text();
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1];
  expect(scripts, policy).toBeDefined();
  expect(scripts).not.toMatch(/unsafe|\*|data:|https?:/);
  expect(html).not.toContain('alert(1)');
  expect(await (await modelyard.call('/openapi.json', { key: null })).text()).not.toContain('alert(1)');
});

test('X43: a search is bounded and knows no wildcard: one of 10,000 characters is refused, and what a LIKE would match is not found', async () => {
  const found = async (q: string) => {
    const response = await modelyard.call(`/api/v1/search?q=${encodeURIComponent(q)}`);
    return { status: response.status, ...((await response.json()) as { total?: number; error?: { param: string } }) };
  };
  expect(await found('bot')).toMatchObject({ status: 200, total: 1 });
  expect(await found('%_'.repeat(2_000))).toMatchObject({ status: 400, error: { param: 'q' } });
  expect((await raw(modelyard.url, rawRequest(`GET /api/v1/search?q=${'%25_'.repeat(5_000)}`, { authorization: `Bearer ${modelyard.key}` }))).status).toBe(431);
  // Words beside each other, no pattern: "z%t" would match "…t" by LIKE only.
  for (const q of ['b%z', 'z_t', "bot' UNION SELECT zzz --", `${'%_'.repeat(95)}zzz`]) expect(await found(q), q).toMatchObject({ status: 200, total: 0 });
  expect((await found('%_'.repeat(100))).status).toBe(200);
  for (const path of ['/api/v1/evaluations?model=', '/api/v1/events?deployment=', '/api/v1/keys?org='])
    expect([400, 404], path).toContain((await modelyard.call(path + encodeURIComponent('%_'.repeat(2_000)))).status);
});

test('X44: a form of parts is refused by its head, on every protocol: nothing of its body is read, whatever its boundary or number of parts', async () => {
  const part = '--x\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n\r\n';
  const form = `${part.repeat(100_000)}--x--\r\n`;
  for (const path of ['/v1/chat/completions', '/v2/models/lab/bot/infer', '/api/v1/orgs', '/api/v1/datasets?format=jsonl']) {
    let read = 0;
    modelyard.running.server.once('connection', (socket) => socket.once('close', () => (read = socket.bytesRead)));
    const ask = (type: string, body: string) =>
      raw(modelyard.url, rawRequest(`POST ${path}`, { authorization: `Bearer ${modelyard.key}`, 'content-type': type, 'content-length': String(body.length) }, body));
    const parts = await ask('multipart/form-data; boundary=x', form);
    expect([parts.status, parts.body], path).toEqual([400, expect.stringContaining('multipart/form-data')]);
    expect(read, path).toBeLessThan(form.length / 10);
    const long = await ask(`multipart/form-data; boundary=${'b'.repeat(10_000)}`, form.slice(0, 100));
    expect([long.status, long.body.length < 400], path).toEqual([400, true]);
    expect((await ask(`multipart/form-data; boundary=${'b'.repeat(1_048_576)}`, form.slice(0, 100))).status, path).toBe(431);
    expect((await ask('multipart/form-data; boundary=x', '')).status, path).toBe(400);
  }
  for (const type of ['text/html', 'application/xml', 'text/plain', 'nonsense', 'application/json, multipart/form-data'])
    expect((await modelyard.call('/api/v1/orgs', { body: '{"name":"form"}', headers: { 'content-type': type } })).status, type).toBe(400);
  expect((await modelyard.call('/api/v1/orgs', { body: '' })).status).toBe(400);
  expect((await get<{ data: { name: string }[] }>(modelyard, '/api/v1/orgs')).data.map(({ name }) => name)).toEqual(['lab', 'platform']);
}, 60_000);
