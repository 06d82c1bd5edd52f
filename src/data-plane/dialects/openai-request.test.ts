import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewriteRequest } from './openai-request.ts';

const rewrite = (text: string, asksUsage: boolean) => rewriteRequest(Buffer.from(text), { model: 'theirs', asksUsage }).toString();

test('the model gets its other name and usage is asked for; every other byte stays', () => {
  expect(rewrite('{"model":"ours","n":1.0}', false)).toBe('{"model":"theirs","n":1.0}');
  expect(rewrite('{ "a" : {"model":"x"} , "model" : "ours" , "b":[{"model":"y"}] }', false)).toBe('{ "a" : {"model":"x"} , "model" :"theirs", "b":[{"model":"y"}] }');
  expect(rewrite('{"model":"ours"}', true)).toBe('{"stream_options":{"include_usage":true},"model":"theirs"}');
  expect(rewrite('{"stream_options":null,"model":"o"}', true)).toBe('{"stream_options":{"include_usage":true},"model":"theirs"}');
  expect(rewrite('{"mod\\u0065l":"ours","messages":"a \\"model\\": \\\\"}', false)).toBe('{"mod\\u0065l":"theirs","messages":"a \\"model\\": \\\\"}');
});

test('what is rewritten means what was asked for, whatever else is in it and however it is written', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'binary' }), fc.boolean(), fc.constantFrom(undefined, 1, '\t'), (value, text, asksUsage, indent) => {
      const request = { before: value, [text]: 1, model: text, stream_options: { include_usage: false, other: value }, after: [value, { model: value }] };
      const expected = { ...request, model: 'theirs', ...(asksUsage && { stream_options: { include_usage: true } }) };
      const plain = (some: unknown) => JSON.parse(JSON.stringify(some)) as unknown;
      expect(JSON.parse(rewrite(JSON.stringify(request, null, indent), asksUsage))).toEqual(plain(expected));
    }),
  );
});
