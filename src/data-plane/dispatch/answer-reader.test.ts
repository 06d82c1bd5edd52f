import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerHeaders } from '../call.ts';
import { AnswerReader, MalformedAnswer } from './answer-reader.ts';

interface Read {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
  readonly whole: boolean;
  readonly keepAlive: boolean;
}

/** What is read of the pieces, all through one buffer that is overwritten as a connection's is. */
function read(pieces: readonly Buffer[]): Read {
  const shared = Buffer.alloc(65_536);
  const body: Buffer[] = [];
  let status = 0;
  let headers: AnswerHeaders = {};
  const reader = new AnswerReader({
    head: (...got) => ([status, headers] = got),
    body: (bytes) => body.push(Buffer.from(bytes)),
  });
  for (const piece of pieces) {
    piece.copy(shared);
    reader.push(shared.subarray(0, piece.length));
    shared.fill(0x2a);
  }
  return { status, headers, body: Buffer.concat(body).toString(), whole: reader.whole, keepAlive: reader.keepAlive };
}

const COUNTED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Twice: a\r\nx-twice: b\r\nContent-Length: 7\r\nKeep-Alive: timeout=5\r\n\r\n{"a":1}';
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n00A;name=value\r\n0123456789\r\n0\r\ntrailer: yes\r\n\r\n';
const INTERIM = `HTTP/1.1 100 Continue\r\n\r\n${COUNTED}`;
const EMPTY = 'HTTP/1.1 204 No Content\r\n\r\n';

describe('an answer is read the same, however its bytes arrive', () => {
  test.each([
    [
      'counted',
      COUNTED,
      { status: 200, body: '{"a":1}', headers: { 'content-type': 'application/json', 'x-twice': ['a', 'b'], 'content-length': '7', 'keep-alive': 'timeout=5' } },
    ],
    ['chunked', CHUNKED, { status: 200, body: 'abc0123456789' }],
    ['after an interim one', INTERIM, { status: 200, body: '{"a":1}' }],
    ['empty', EMPTY, { status: 204, body: '' }],
  ])('%s', (_name, text, expected) => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(read(pieces)).toMatchObject({ ...expected, whole: true, keepAlive: true });
      }),
    );
    expect(read([...bytes].map((byte) => Buffer.from([byte])))).toMatchObject({ ...expected, whole: true });
  });
});

test('the end of the connection ends an answer only where nothing else tells its length', () => {
  const until = (text: string) => {
    const reader = new AnswerReader({ head: () => undefined, body: () => undefined });
    reader.push(Buffer.from(text));
    return { whole: reader.whole, closed: reader.closed(), keepAlive: reader.keepAlive };
  };
  expect(until('HTTP/1.1 200 OK\r\n\r\nsome')).toEqual({ whole: false, closed: true, keepAlive: false });
  expect(until(COUNTED.slice(0, -1))).toEqual({ whole: false, closed: false, keepAlive: true });
  expect(until(CHUNKED.slice(0, -2))).toEqual({ whole: false, closed: false, keepAlive: true });
  expect(until('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')).toMatchObject({ whole: true, keepAlive: false });
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['another version', 'HTTP/2 200\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['a coding that is not known', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\na : b\r\n\r\n'],
  ['an endless head', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(10_000)}`],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
  ['a bare newline after a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n'],
  ['an endless line', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(5_000)}`],
  ['bytes after the answer', `${COUNTED}HTTP/1.1 200 OK\r\n\r\n`],
])('refused: %s', (_name, text) => {
  expect(() => read([Buffer.from(text)])).toThrow(MalformedAnswer);
});

test('whatever comes, the reader ends or refuses, and never gives more than has come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(COUNTED, CHUNKED, EMPTY, '\r\n', '0\r\n', 'HTTP/1.1 200 \r\n')), { maxLength: 8 }),
      (parts) => {
        const pieces = parts.map((part) => Buffer.from(part as string));
        try {
          expect(read(pieces).body.length).toBeLessThanOrEqual(pieces.reduce((sum, { length }) => sum + length, 0));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedAnswer);
        }
      },
    ),
  );
});
