import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { CallerEntry } from '../../contract/feeds.ts';
import { generateKey, hashKey, isWellFormedKey } from '../../contract/key-format.ts';
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
const bearer = (key: string, address = '192.0.2.1') => ({ headers: { authorization: `Bearer ${key}` }, address });

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

test('X7: a valid key is served from an address whose bad keys are put off; one that ended counts as bad', () => {
  const key = generateKey();
  const ended = generateKey();
  const { authenticate } = counting([entry(key, 'a'), { ...entry(ended, 'b'), expiresAtMs: 1 }]);
  for (let i = 0; i < 10; i++) expect(() => authenticate(bearer(generateKey()), 'inference')).toThrow('not valid');
  expect(() => authenticate(bearer(generateKey()), 'inference')).toThrow(expect.objectContaining({ kind: 'rate_limited' }) as Error);
  expect(() => authenticate(bearer(ended), 'inference')).toThrow(expect.objectContaining({ kind: 'rate_limited' }) as Error);
  expect(authenticate(bearer(key), 'inference').orgId).toBe('a');
  expect(() => authenticate(bearer(generateKey(), '192.0.2.2'), 'inference')).toThrow('not valid');
  // No key at all is a mistake, not a try.
  expect(() => authenticate({ headers: {}, address: '192.0.2.1' }, 'inference')).toThrow('No API key');
});

test('X5: the look-up is by the hash of the whole key: keys that begin alike are two callers', () => {
  const [a, b] = [generateKey(), generateKey()];
  const { authenticate } = counting([entry(a, 'a'), entry(b, 'b')]);
  expect([authenticate(bearer(a), 'inference').orgId, authenticate(bearer(b), 'inference').orgId]).toEqual(['a', 'b']);
  expect(() => authenticate(bearer(a.slice(0, 23) + b.slice(23)), 'inference')).toThrow('not valid');
});

/** A whole key, checksum and all, that begins as another. */
function alike(key: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const secret = key.slice(3, 20) + generateKey().slice(20, 35);
  let check = '';
  for (let rest = crc32(secret), i = 0; i < 6; i++, rest = Math.floor(rest / 62)) check = digits.charAt(rest % 62) + check;
  return `my_${secret}${check}`;
}

test('X5: of two good keys with the same first 20 characters each is its own caller, also once both are remembered; a third is none', () => {
  const a = generateKey();
  const [b, unknown] = [alike(a), alike(a)];
  expect([isWellFormedKey(b), b.slice(0, 20) === a.slice(0, 20), b === a]).toEqual([true, true, false]);
  const { authenticate } = counting([entry(a, 'a'), entry(b, 'b')]);
  for (let round = 0; round < 3; round++) {
    expect([authenticate(bearer(a), 'inference').orgId, authenticate(bearer(b), 'inference').orgId]).toEqual(['a', 'b']);
    expect(authenticate({ headers: { 'x-api-key': b }, address: '192.0.2.9' }, 'inference').orgId).toBe('b');
    expect(() => authenticate(bearer(unknown), 'inference')).toThrow('not valid');
  }
});

test('a scope that the key lacks is a refusal of its own kind', () => {
  const key = generateKey();
  const { authenticate } = counting([entry(key, 'a')]);
  expect(() => authenticate(bearer(key), 'operator')).toThrow(expect.objectContaining({ kind: 'permission_denied' }) as Error);
});
