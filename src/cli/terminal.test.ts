import { expect, test } from 'vitest';
import { paint, printable } from './terminal.ts';

test('X40: text of others moves no cursor, sets no title and turns no line round; colours, line ends and wide characters stay', () => {
  expect(printable('a\u001B[2Jb\u001B]0;title\u0007c\rd\u009B1mE\u202Ef')).toBe('a[2Jb]0;titlecd1mEf');
  expect(printable('\u001B[1;31mred\u001B[0m\n\ttab 語 🙂')).toBe('\u001B[1;31mred\u001B[0m\n\ttab 語 🙂');
  expect(printable(paint('bold', 'x'))).toBe(paint('bold', 'x'));
});
