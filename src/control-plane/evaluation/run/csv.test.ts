import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCsv } from './csv.ts';

const read = (text: string) => [...readCsv(text)].map(({ line, fields }) => [line, ...fields]);
const written = (rows: readonly (readonly string[])[], end: string) => rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join(end);

test('RFC 4180: quotes, commas and line ends in fields, CRLF and LF, a byte order mark, no last line end', () => {
  expect(read('\uFEFFa,b\r\n1,2\r\n')).toEqual([
    [1, 'a', 'b'],
    [2, '1', '2'],
  ]);
  expect(read('"a ""b""","c,\nd"\n\n,\nlast,"e"')).toEqual([
    [1, 'a "b"', 'c,\nd'],
    [4, '', ''],
    [5, 'last', 'e'],
  ]);
  expect(read('a\n""\nb')).toEqual([
    [1, 'a'],
    [3, 'b'],
  ]);
});

test('what is out of place is named with its line', () => {
  const fault = (text: string) => {
    try {
      read(text);
    } catch (error) {
      return [(error as { line: number }).line, (error as Error).message.slice(0, 30)];
    }
    return undefined;
  };
  expect(fault('a\n"b\nc')).toEqual([2, 'a quoted field begins here and']);
  expect(fault('a\n\n"b"c')).toEqual([3, 'after the closing quote of a f']);
  expect(fault('a\nb"c"')).toEqual([2, 'there is a quote inside a fiel']);
  expect(fault('"b"\rc')).toEqual([1, 'after the closing quote of a f']);
});

test('any fields that are written are read again', () => {
  const rows = fc.array(fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é') }), { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), (sent, end) => {
      expect([...readCsv(written(sent, end))].map(({ fields }) => fields)).toEqual(sent);
    }),
  );
});
