import { expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { generateKey, hashKey } from '../../contract/key-format.ts';
import { createAuthenticate } from './authenticate.ts';

function counting(entries: readonly CallerEntry[]) {
  const asked: string[] = [];
  const find = (hash: string) => {
    asked.push(hash);
    return entries.find((entry) => entry.hash === hash);
  };
  return { asked, authenticate: createAuthenticate({ find }, systemClock) };
}
const entry = (key: string, orgId: string): CallerEntry => ({
  hash: hashKey(key),
  keyId: `key of ${orgId}`,
  orgId,
  orgName: orgId,
  scopes: ['inference'],
  allowedModels: undefined,
  expiresAtMs: undefined,
  limits: {},
  budgets: [],
  offers: [],
});
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('X3 X6: a key with a bad form or checksum is refused without any look-up', () => {
  const { asked, authenticate } = counting([]);
  const good = generateKey();
  const last = good.endsWith('0') ? '1' : '0';
  for (const key of [`${good.slice(0, -1)}${last}`, good.slice(1), `${good}0`, '', "' OR 1=1--", 'x'.repeat(1_000_000), 'my_\0', 'żółw']) {
    expect(() => authenticate(bearer(key), 'inference'), key.slice(0, 20)).toThrow('not valid');
  }
  expect(asked).toEqual([]);
  expect(() => authenticate(bearer(good), 'inference')).toThrow('not valid');
  expect(asked).toEqual([hashKey(good)]);
});

test('X5: the look-up is by the hash of the whole key: keys that begin alike are two callers', () => {
  const [a, b] = [generateKey(), generateKey()];
  const { authenticate } = counting([entry(a, 'a'), entry(b, 'b')]);
  expect([authenticate(bearer(a), 'inference').orgId, authenticate(bearer(b), 'inference').orgId]).toEqual(['a', 'b']);
  expect(() => authenticate(bearer(a.slice(0, 23) + b.slice(23)), 'inference')).toThrow('not valid');
});

test('a scope that the key lacks is a refusal of its own kind', () => {
  const key = generateKey();
  const { authenticate } = counting([entry(key, 'a')]);
  expect(() => authenticate(bearer(key), 'operator')).toThrow(expect.objectContaining({ kind: 'permission_denied' }) as Error);
});
