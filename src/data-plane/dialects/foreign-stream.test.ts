import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForeignStream } from './foreign-stream.ts';

const CHUNK = 'data: {"id":"c","choices":[{"delta":{"content":"says \\"usage\\":null żółw"}}],"usage":null}\n\n';
const FIRST = 'data: {"usage" : null , "choices":[{"delta":{}}]}\r\n\r\n';
const USAGE = 'data: {"id":"c","choices": [],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":3}}}\n\n';
const PING = ': ping\n\n';
const DONE = 'data: [DONE]\n\n';

test('C9: usage that the client did not ask for becomes our own comment, and no chunk has a usage key; texts stay as they are', () => {
  const bytes = Buffer.from(CHUNK + FIRST + PING + USAGE + DONE);
  const expected =
    'data: {"id":"c","choices":[{"delta":{"content":"says \\"usage\\":null żółw"}}]}\n\n' +
    'data: { "choices":[{"delta":{}}]}\r\n\r\n' +
    ': ping\n\n: modelyard-usage {"promptTokens":7,"cachedTokens":3,"completionTokens":2}\n\ndata: [DONE]\n\n';
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const stream = new ForeignStream();
      expect(Buffer.concat(at.slice(1).map((end, i) => stream.push(bytes.subarray(at[i], end)))).toString()).toBe(expected);
    }),
  );
});

test('S27: a frame without an end is refused before it fills the memory', () => {
  const stream = new ForeignStream();
  const line = Buffer.alloc(100_000, 'x');
  expect(() => {
    for (let i = 0; i < 100; i++) stream.push(line);
  }).toThrow('endless');
});
