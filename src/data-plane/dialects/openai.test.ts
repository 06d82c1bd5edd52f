import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StreamTap } from './openai.ts';

import { usageInTail } from '../../contract/openai-stream.ts';
const FRAMES = [
  'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}',
  'data: {"choices":[{"delta":{"content":"żółw 🐢"}}]}',
  ': ping',
  'data:{"choices":[{"delta":{"content": "b"}}]}',
  'id: 7\ndata: {"choices":[{"text":"c"}]}',
  'data: {"choices":[{"delta":{"content":null}}]}',
  'data: {"choices":[{"delta":{"content":"the \\"error\\" of it"}}]}',
];
const USAGE = ': modelyard-usage {"promptTokens":3,"cachedTokens":1,"completionTokens":2}';

function run(text: string, cuts: readonly number[]) {
  const tap = new StreamTap();
  const bytes = Buffer.from(text);
  const out: Uint8Array[] = [];
  let at = 0;
  for (const cut of [...cuts.map((one) => one % bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    out.push(tap.push(bytes.subarray(at, cut)));
    at = cut;
  }
  return { tap, passed: Buffer.concat(out).toString() };
}

test('S27 C36: wherever the bytes are cut and however lines end, the same frames pass whole, and usage and terminator stay behind', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 40 }), fc.constantFrom('\n', '\r\n'), (cuts, eol) => {
      const lines = (frames: readonly string[]) => frames.map((frame) => frame.replaceAll('\n', eol) + eol + eol).join('');
      const { tap, passed } = run(lines([...FRAMES, USAGE, 'data: [DONE]', ': too late']), cuts);
      expect(passed).toBe(lines(FRAMES));
      expect(tap.usage).toEqual({ promptTokens: 3, cachedTokens: 1, completionTokens: 2 });
      expect(tap.done?.toString()).toBe('data: [DONE]\n\n');
      expect(tap.contentFrames).toBe(4);
      expect(tap.errored).toBe(false);
    }),
  );
});

test('S27: an endless frame is thrown out at its bound', () => {
  const tap = new StreamTap();
  expect(() => {
    for (let i = 0; i < 17; i++) tap.push(Buffer.alloc(65_536, 'x'));
  }).toThrow('endless frame');
});

test('M15 M16: usage that is no usage is none; an error is known in each of its forms, and is no text', () => {
  for (const usage of ['null', '{}', '{"prompt_tokens":-1}', '{"prompt_tokens":1.5}', '{"prompt_tokens":9007199254740991}', '"7"'])
    expect(usageInTail(Buffer.from(`{"usage":${usage}}`)), usage).toBeUndefined();
  expect(usageInTail(Buffer.from('{"usage": {"prompt_tokens":0,"completion_tokens":0}}'))).toEqual({ promptTokens: 0, cachedTokens: 0, completionTokens: 0 });
  for (const error of ['data: {"error":{"message":"m","content":"x"}}', 'data:{ "error" : "m"}', 'event: error\ndata: {"content":"x"}']) {
    const { tap } = run(`${error}\n\n`, []);
    expect([tap.errored, tap.contentFrames], error).toEqual([true, 0]);
  }
  expect(run('data: {"error":null,"choices":[{"delta":{"content":"x"}}]}\n\n', []).tap).toMatchObject({ errored: false, contentFrames: 1 });
});

test('M12: fragments of a call count like text, its name does not', () => {
  const call = (part: string) => `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,${part}}]}}]}\n\n`;
  const stream = call('"id":"c","type":"function","function":{"name":"f","arguments":""}') + call('"function":{"arguments":"{\\"a\\":"}') + call('"function":{"arguments":"1}"}');
  expect(run(stream, []).tap.contentFrames).toBe(2);
});
