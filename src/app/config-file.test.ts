import { expect, test } from 'vitest';
import { parseConfigFile } from './config-file.ts';

test('an empty file, and one of comments, set nothing', () => {
  expect(parseConfigFile('')).toEqual({});
  expect(parseConfigFile('# rates will come here\n')).toEqual({});
});

test('what is not YAML, not a map, or not known is refused with its place', () => {
  expect(() => parseConfigFile('a: [1,')).toThrow(/line 1/);
  expect(() => parseConfigFile('- a')).toThrow('map of sections');
  expect(() => parseConfigFile('egres:\n  allow: []')).toThrow('egres');
});

test('a file of aliases that would grow without end is refused', () => {
  const lines = ['a: &a [x,x,x,x,x,x,x,x,x,x]', ...['b', 'c', 'd', 'e'].map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcd'[index]}`).join(',')}]`)];
  expect(() => parseConfigFile(lines.join('\n'))).toThrow(/alias/i);
});
