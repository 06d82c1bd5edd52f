import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Harness, startHarness } from '../harness.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let server: Harness;
let seller: string;
let buyer: string;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command line as a person with this key runs it, in a terminal of 80 columns. */
async function run(key: string, ...args: string[]): Promise<Ran> {
  const ran = await new Promise<Ran>((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', MODELYARD_HOME: '/nonexistent', MODELYARD_URL: server.url, MODELYARD_API_KEY: key, NO_COLOR: '1', COLUMNS: '80' };
    execFile(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
  // Tables fit, whatever is in them; sentences may wrap.
  if (/^[A-Z]+ {2}/.test(ran.out)) for (const line of ran.out.split('\n\n')[0]?.split('\n') ?? []) expect(line.length, line).toBeLessThanOrEqual(80);
  return ran;
}

beforeAll(async () => {
  server = await startHarness();
  for (const name of ['acme', 'buyer']) await server.call('/api/v1/orgs', { body: { name } });
  await server.deployEcho('acme/bot');
  seller = (await server.makeKey({ name: 'seller', org: 'acme', role: 'publisher' })).key;
  buyer = (await server.makeKey({ name: 'buyer', org: 'buyer' })).key;
});
afterAll(() => server.stop());

test('a deployment is sold and bought from the command line', async () => {
  expect((await run(seller, 'listings', 'create', 'acme/bot', '--title', 'A bot', '--tags', 'support, chat', '--public')).out).toContain('a draft');
  expect((await run(seller, 'listings', 'submit', 'acme/bot')).err).toContain('no open plan');
  expect((await run(seller, 'listings', 'add-plan', 'acme/bot', 'standard', '--input', '0.50', '--output', '1.50')).out).toContain('0.50/1M in, 1.50/1M out USD');
  expect((await run(seller, 'listings', 'add-plan', 'acme/bot', 'trial', '--free', '100', '--per', 'day')).out).toContain('free: 100 requests/day');
  expect((await run(seller, 'listings', 'add-plan', 'acme/bot', 'large', '--free', '25000000', '--unit', 'tokens')).out).toContain('free: 25000000 tokens/month');
  expect((await run(seller, 'listings', 'close-plan', 'acme/bot', 'large')).code).toBe(0);
  expect(await run(seller, 'listings', 'add-plan', 'acme/bot', 'x', '--output', '1e3')).toMatchObject({ code: 2, err: expect.stringContaining('--output is "1e3"') as string });
  expect((await run(seller, 'listings', 'edit', 'acme/bot', '--card', '/nonexistent')).code).toBe(5);
  expect((await run(seller, 'listings', 'submit', 'acme/bot')).out).toContain('waits for an operator');
  expect((await run(server.key, 'listings', '--state', 'pending')).out).toMatch(/^acme\/bot +pending +public +standard: /m);
  expect((await run(server.key, 'listings', 'approve', 'acme/bot', '--share', '75')).out).toBe('acme/bot is listed.\n');

  const found = (await run(buyer, 'search', 'support', '--task', 'chat')).out;
  expect(found).toMatch(/^DEPLOYMENT +TITLE +TASK +PLAN +PRICE\nacme\/bot +A bot +chat +standard +0\.50\/1M in/);
  expect(found).toMatch(/trial +free: 100 requests\/day/);
  expect((await run(buyer, 'search', 'nowhere')).out).toBe('Nothing fits.\n');
  expect((await run(buyer, 'search', '--unit', 'moons')).code).toBe(2);
  expect((await run(buyer, 'listings', 'show', 'acme/bot')).out).toMatch(/^A bot\nacme\/bot · chat · Apache-2\.0 · public · listed since/);

  expect((await run(seller, 'listings', 'show', 'acme/bot')).out).toContain('The publisher gets 75 % of what is charged, after tax.');
  expect((await run(buyer, 'listings', 'show', 'acme/bot')).out).not.toContain('75 %');
  expect(await run(buyer, 'subscribe', 'acme/bot')).toMatchObject({ code: 2, err: expect.stringContaining('say with "plan" (--plan) which: standard, trial') as string });
  expect((await run(buyer, 'subscribe', 'acme/bot', '--plan', 'gold')).code).toBe(5);
  expect((await run(buyer, 'subscribe', 'acme/bot', '--plan', 'standard', '--keys', 'buyer')).out).toBe(
    'Subscribed to acme/bot, plan standard: 0.50/1M in, 1.50/1M out USD.\nCall it: modelyard chat --model acme/bot "hello"\n',
  );
  expect((await run(buyer, 'subscriptions')).out).toMatch(/^acme\/bot +standard +1 key +\d{4}-\d\d-\d\d +0\.50\/1M in, 1\.50\/1M out/m);
  expect((await run(buyer, 'subscriptions', 'keys', 'acme/bot', '--all')).out).toBe('acme/bot may be called by all keys.\n');

  const dearer = await run(seller, 'listings', 'price', 'acme/bot', '--input', '0.60', '--output', '1.50');
  expect(dearer.out).toMatch(/standard, version 3: .*\nIn force for new subscriptions and 0 of those that there are; for 1 from \d/);
  expect((await run(seller, 'listings', 'price', 'acme/bot', '--input', '600')).err).toContain('confirm it');
  expect((await run(seller, 'listings', 'prices', 'acme/bot')).out).toMatch(/^ +3 +.* 0\.60\/1M in/m);
  expect((await run(buyer, 'subscriptions')).out).toContain('acme/bot: 0.60/1M in, 1.50/1M out from');
  expect((await run(buyer, 'subscriptions', 'accept', 'acme/bot')).out).toContain('0.60/1M in');
  expect((await run(buyer, 'subscriptions', 'cancel', 'acme/bot')).out).toBe('Cancelled: acme/bot, plan standard.\n');
  expect((await run(buyer, 'subscriptions', '--all')).out).toMatch(/^acme\/bot +standard +cancelled/m);
  expect((await run(seller, 'listings', 'close-plan', 'acme/bot', 'trial')).out).toBe('trial is closed.\n');
  expect((await run(seller, 'listings', 'withdraw', 'acme/bot')).out).toBe('acme/bot is withdrawn.\n');
}, 60_000);

test('budgets are set, changed, listed and removed', async () => {
  expect((await run(buyer, 'budget', 'set', '250')).out).toBe('The organisation may spend 250.00 a month, alerts at 80 % and 100 %; 0.00 is spent.\n');
  expect((await run(buyer, 'budget', 'set', '300', '--alert-only', '--alerts', '50')).out).toContain('300.00 a month, and more with an alert, alerts at 50 %');
  expect((await run(buyer, 'budget', 'set', '5', '--per', 'day', '--key', 'buyer')).code).toBe(0);
  const { out } = await run(buyer, 'budget');
  expect(out).toMatch(/organisa\S* +300\.00\/month +0\.00 +0\.00 +alerts/);
  expect(out).toMatch(/buyer +5\.00\/day +0\.00 +0\.00 +hard/);
  expect((await run(buyer, 'budget', 'set', 'NaN')).code).toBe(2);
  // The key has a budget of its own now.
  expect((await run(buyer, 'budget', 'set', '999', '--per', 'day', '--key', 'buyer')).code).toBe(4);
  const all = JSON.parse((await run(server.key, 'budget', '--json')).out) as { id: string }[];
  for (const { id } of all) expect((await run(server.key, 'budget', 'rm', id)).code).toBe(0);
  expect((await run(buyer, 'budget')).out).toContain('There are no budgets');
}, 60_000);
