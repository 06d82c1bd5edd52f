import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { derivedKey, seal, unseal } from './seal.ts';

const key = derivedKey(randomBytes(32), 'test');

test('X27: what is sealed opens by its key and context only, and not once a bit of it has changed', () => {
  const sealed = seal(key, 'sk-żółw', 'https://example.com');
  expect(unseal(key, sealed, 'https://example.com')).toBe('sk-żółw');
  expect(unseal(key, sealed, 'https://example.org')).toBeUndefined();
  expect(unseal(derivedKey(randomBytes(32), 'test'), sealed, 'https://example.com')).toBeUndefined();
  const bytes = Buffer.from(sealed.slice(3), 'base64');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(unseal(key, `v1.${changed.toString('base64')}`, 'https://example.com'), `byte ${at}`).toBeUndefined();
  }
  for (const text of ['', 'v1.', 'sk-żółw', 'v2.AAAA']) expect(unseal(key, text, '')).toBeUndefined();
});

test('the same text is never sealed the same twice, and one secret makes a key for each purpose', () => {
  expect(seal(key, 'a', '')).not.toBe(seal(key, 'a', ''));
  const secret = randomBytes(32);
  expect(derivedKey(secret, 'a')).not.toEqual(derivedKey(secret, 'b'));
});
