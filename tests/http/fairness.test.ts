import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { gauge } from './support.ts';

/** One deployment with one slot, and two organisations that may call it: its own, and the operator's. */
let modelyard: Harness;
let acme: string;
let ended: string[] = [];
beforeAll(async () => {
  modelyard = await startHarness();
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  await modelyard.deployEcho('acme/bot', { slots: 1 });
  acme = (await modelyard.makeKey({ name: 'acme', org: 'acme' })).key;
});
afterAll(() => modelyard.stop());
beforeEach(() => {
  ended = [];
});

async function call(who: string, key: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await modelyard.call('/v1/chat/completions', { key, headers, body: chatBody('acme/bot', 'x [[delay-ms:5]]') });
  await answer.text();
  ended.push(answer.status === 200 ? who : `${who} ${answer.status}`);
}
const times = (count: number, make: () => Promise<void>) => Array.from({ length: count }, make);
const waiting = (count: number) => expect.poll(() => gauge(modelyard, 'waiting', 'acme/bot'), { interval: 5 }).toBeGreaterThanOrEqual(count);

test('P15: a tenant that sends ten times as much does not push another aside', async () => {
  const loud = times(60, () => call('loud', acme));
  await waiting(50);
  const before = ended.length;
  const quiet = times(6, () => call('quiet', modelyard.key));
  await Promise.all([...loud, ...quiet]);
  const since = ended.slice(before);
  const last = since.lastIndexOf('quiet');
  expect(since.filter((who) => who === 'quiet').length).toBe(6);
  // By turns, from where the quiet one came in; in order of arrival its last would have ended after fifty of the others.
  expect(last).toBeLessThan(24);
  expect(ended.length).toBe(66);
});

test('a call of low priority is served when nobody else waits', async () => {
  const first = call('first', acme);
  await expect.poll(() => gauge(modelyard, 'running', 'acme/bot'), { interval: 5 }).toBe(1);
  const low = times(5, () => call('low', acme, { 'x-modelyard-priority': 'low' }));
  const normal = times(10, () => call('normal', modelyard.key));
  await Promise.all([first, ...low, ...normal]);
  expect(ended.slice(-4)).toEqual(['low', 'low', 'low', 'low']);
});
