import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { eachLine } from './lines.ts';

function linesOf(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const told: string[] = [];
  eachLine(stream, (line) => told.push(line));
  const ended = new Promise<string[]>((resolve) => stream.once('end', () => resolve(told)));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return ended;
}

test('lines are told whole, however they are cut, and the last one without an end too', async () => {
  const text = 'one\r\ntwo ünï\n\nthree';
  for (let at = 0; at <= Buffer.byteLength(text); at++) {
    const bytes = Buffer.from(text);
    expect(await linesOf([bytes.subarray(0, at), bytes.subarray(at)]), String(at)).toEqual(['one', 'two ünï', '', 'three']);
  }
});

test('of a line that never ends only the begin is kept, and the next one is whole', async () => {
  const [long, next] = await linesOf([...Array.from({ length: 1_000 }, () => 'x'.repeat(1_000)), '\nnext\n']);
  expect([long?.length, next]).toEqual([16_384, 'next']);
});
