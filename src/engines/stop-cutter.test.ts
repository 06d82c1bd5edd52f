import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GenerateRequest, Piece } from './engine.ts';
import { createStopCutter } from './stop-cutter.ts';
import type { ToolUse } from './tools.ts';

function cut(
  pieces: readonly Piece[],
  stop: readonly string[],
  tools?: ToolUse,
  format: GenerateRequest['format'] = { type: 'text' },
): { text: string; tokens: string; isStopped: boolean } {
  const emitted: Piece[] = [];
  const cutter = createStopCutter({ stop, format, ...(tools && { tools }) }, (piece) => emitted.push(piece));
  const isStopped = pieces.some((piece) => cutter.push(piece));
  if (!isStopped) cutter.finish();
  return {
    isStopped,
    text: emitted.map(({ text }) => text).join(''),
    tokens: emitted
      .flatMap(({ tokens }) => tokens ?? [])
      .map(({ token }) => token)
      .join(''),
  };
}

const withToken = (text: string): Piece => ({ text, tokens: [{ token: text, bytes: [], logprob: 0, top: [] }] });

test('C14 C20: however a text is cut into pieces, what comes out is the text before the first stop', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 8 }), fc.array(letters, { minLength: 1, maxLength: 3 }), fc.boolean(), (texts, stops, logprobs) => {
      const whole = texts.join('');
      const result = cut(
        texts.map((text) => (logprobs ? withToken(text) : { text })),
        stops,
      );
      const ends = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
      expect(result.isStopped).toBe(ends.length > 0);
      if (ends.length === 0) expect(result.text).toBe(whole);
      else expect(whole.startsWith(result.text) && stops.every((stop) => !result.text.includes(stop))).toBe(true);
      if (logprobs) expect(result.tokens).toBe(result.text);
    }),
    { numRuns: 500 },
  );
});

test('C14 C23: a stop string ends a text, never a call', () => {
  const call = '<tool_call>\n{"name": "f", "arguments": {"a": "x\n"}}\n</tool_call>';
  const auto: ToolUse = { functions: [], mode: 'auto', isParallel: true };
  for (const pieces of [[{ text: `Hm.${call}` }], `Hm.${call}`.split('').map((text) => ({ text }))]) {
    expect(cut(pieces, ['\n', '{'], auto)).toMatchObject({ text: `Hm.${call}`, isStopped: false });
    expect(cut(pieces, ['m', '\n'], auto)).toMatchObject({ text: 'H', isStopped: true });
  }
  expect(cut([{ text: call }], ['\n'], { ...auto, mode: 'required' })).toMatchObject({ text: call, isStopped: false });
  expect(cut([{ text: call }], ['\n'])).toMatchObject({ text: '<tool_call>', isStopped: true });
});

test('C14 C23: in an answer in JSON a mark is data, and stop strings hold; a call that it begins with is whole', () => {
  const tools = { functions: [], mode: 'auto', isParallel: true } as const;
  const inJson = (pieces: readonly string[]) =>
    cut(
      pieces.map((text) => ({ text })),
      ['END'],
      tools,
      { type: 'json' },
    );
  const text = '{"a": "<tool_call>", "b": "x END y"}';
  for (const pieces of [[text], text.split(''), [text.slice(0, 20), text.slice(20)]])
    expect(inJson(pieces)).toMatchObject({ text: text.slice(0, text.indexOf('END')), isStopped: true });
  const call = '\n<tool_call>{"name": "f", "arguments": {"a": "END"}}</tool_call>';
  for (const pieces of [[call], call.split('')]) expect(inJson(pieces)).toMatchObject({ text: call, isStopped: false });
});
