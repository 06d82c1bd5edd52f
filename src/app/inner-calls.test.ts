import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { Fault } from '../contract/errors.ts';
import type { CallerEntry } from '../contract/feeds.ts';
import { hashKey } from '../contract/key-format.ts';
import { InnerCalls } from './inner-calls.ts';

const ENTRY: CallerEntry = {
  hash: 'h',
  keyId: 'key_1',
  orgId: 'org_1',
  orgName: 'acme',
  scopes: ['inference'],
  allowedModels: undefined,
  expiresAtMs: undefined,
  limits: {},
  budgets: [],
  offers: [],
};
const REQUEST = { path: '/v1/chat/completions', headers: {}, body: Buffer.from('{}') };

function setUp(fail?: Fault) {
  const clock = new FakeClock();
  const entries = new Map([[ENTRY.hash, ENTRY]]);
  const seen: { priority: unknown; secret: string }[] = [];
  const calls = new InnerCalls({
    clock,
    entryOf: (keyId) => entries.values().find((entry) => entry.keyId === keyId),
    find: (hash) => entries.get(hash),
    visible: () => [],
    revisions: () => [],
    async inference(route, _params, exchange) {
      seen.push({ priority: exchange.headers['x-modelyard-priority'], secret: String(exchange.headers.authorization).replace('Bearer ', '') });
      const sink = exchange.reply(route.faults);
      if (fail) return sink.fail(fail);
      sink.head(200, { 'x-modelyard-revision': 'rev_1' });
      sink.frame(Buffer.from('{"a":'));
      sink.end(Buffer.from('1}'));
    },
  });
  return { clock, entries, seen, calls };
}

test('a session’s secret stands for the key that ordered, as it is now, until the session ends', async () => {
  const it = setUp();
  const session = it.calls.open('key_1');
  const answer = await session.call('chat', REQUEST, new AbortController().signal);
  expect({ ...answer, body: Buffer.from(answer.body).toString() }).toMatchObject({ status: 200, body: '{"a":1}', revision: 'rev_1' });
  expect(it.seen[0]?.priority).toBe('low');
  const hash = hashKey(it.seen[0]?.secret ?? '');
  expect(it.calls.find(hash)).toBe(ENTRY);
  it.entries.clear();
  expect(it.calls.find(hash)).toBeUndefined();
  it.entries.set(ENTRY.hash, ENTRY);
  session[Symbol.dispose]();
  expect(it.calls.find(hash)).toBeUndefined();
  expect(() => it.calls.open('key_2')).toThrow('The key that ordered this is no more');
});

test('a refusal is an answer, with when to try again', async () => {
  const it = setUp(new Fault('rate_limited', 'slow_down', 'Not so fast.', { retryAfterSeconds: 3 }));
  using session = it.calls.open('key_1');
  const answer = await session.call('chat', REQUEST, new AbortController().signal);
  expect(answer).toMatchObject({ status: 429, retryAfterSeconds: 3 });
  expect(Buffer.from(answer.body).toString()).toContain('Not so fast.');
});
