import { expect, test } from 'vitest';
import { ReplyBytes } from './reply-bytes.ts';

const PIECES = ['one', '', 'two and three'].map((text) => Buffer.from(text));

test.each([
  ['its length', 16],
  ['no length', Number.NaN],
  ['a length that is none', -1],
  ['a length that is too large to be kept', 2 ** 40],
])('an answer that says %s is whole, also when what it was read from is written over', (_name, length) => {
  const body = new ReplyBytes();
  body.expect(length);
  const read = Buffer.alloc(64);
  for (const piece of PIECES) {
    piece.copy(read);
    body.add(read.subarray(0, piece.length));
    read.fill(0);
  }
  expect(body.join().toString()).toBe('onetwo and three');
});

test('more than was said is refused', () => {
  const body = new ReplyBytes();
  body.expect(4);
  body.add(Buffer.from('four'));
  expect(() => body.add(Buffer.from('5'))).toThrow(RangeError);
});
