import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateKey, isWellFormedKey } from '../../src/contract/key-format.ts';
import { isName, orgOfName, parseReference } from '../../src/contract/names.ts';

const part = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);

test('a name is one or two parts; a version follows after a colon', () => {
  fc.assert(
    fc.property(part, fc.option(part), fc.option(fc.integer({ min: 1, max: 999_999_999 })), (name, org, version) => {
      const full = org === null ? name : `${org}/${name}`;
      expect(isName(full)).toBe(true);
      expect(orgOfName(full)).toBe(org ?? undefined);
      expect(parseReference(version === null ? full : `${full}:${version}`)).toEqual({ name: full, version: version ?? undefined });
    }),
  );
});

test('X48: whatever else is no name: nothing that is accepted can leave its folder or hide a byte', () => {
  for (const text of [
    '',
    '.',
    '..',
    '../x',
    'a/../b',
    '/a',
    'a/',
    'a//b',
    'a/b/c',
    'A',
    'a b',
    'a\0',
    'a\n',
    'a%2fb',
    '-a',
    'é',
    'a:0',
    'a:01',
    'a:-1',
    'a:1e3',
    'a@stable',
    'a'.repeat(64),
    'x'.repeat(10_240),
  ]) {
    expect(() => parseReference(text), JSON.stringify(text.slice(0, 20))).toThrow(expect.objectContaining({ code: 'model_not_found' }) as Error);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      if (isName(text)) expect(text).toMatch(/^[a-z0-9._/-]+$/);
      if (isName(text)) expect(text.split('/').some((piece) => piece.startsWith('.') || piece === '')).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test('X3: any one wrong or swapped character of a key is known without a look-up', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 0, max: 61 }), (at, letter) => {
      const key = generateKey();
      expect(isWellFormedKey(key)).toBe(true);
      const wrong = key.slice(0, at) + alphabet.charAt(letter) + key.slice(at + 1);
      expect(isWellFormedKey(wrong)).toBe(wrong === key);
      if (at > 40 - 1 || key[at] === key[at + 1]) return;
      const swapped = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2);
      expect(isWellFormedKey(swapped)).toBe(false);
    }),
    { numRuns: 500 },
  );
  expect(new Set(Array.from({ length: 1_000 }, generateKey)).size).toBe(1_000);
});
