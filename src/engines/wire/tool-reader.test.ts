import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectingReader } from './tool-reader.ts';

interface Read {
  text: string;
  calls: { name: string; arguments: string }[];
}

function read(pieces: readonly string[], answersInJson = false): Read {
  const { found, reader } = collectingReader({ answersInJson });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return found;
}

const cut = (text: string, cuts: readonly number[]) => {
  const at = [0, ...cuts.filter((one) => one < text.length).toSorted((a, b) => a - b), text.length];
  return at.slice(1).map((end, i) => text.slice(at[i], end));
};

test('C23 C24: calls are read as they were written, however their text is cut, in marks or not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/), value: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })) }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom(undefined, 2),
      fc.array(fc.nat(400), { maxLength: 30 }),
      (calls, inMarks, indent, cuts) => {
        const written = calls.map(({ name, value }) => {
          const json = JSON.stringify({ name, arguments: value }, null, indent);
          return inMarks ? `<tool_call>\n${json}\n</tool_call>` : json;
        });
        const { text, calls: found } = read(cut(written.join('\n'), cuts));
        expect(text).toBe('');
        expect(found.map(({ name }) => name)).toEqual(calls.map(({ name }) => name));
        expect(found.map((call) => JSON.parse(call.arguments) as unknown)).toEqual(calls.map(({ value }) => JSON.parse(JSON.stringify(value)) as unknown));
      },
    ),
  );
});

test('what does not begin like a call is text, to the last character', () => {
  for (const text of ['Hello', ' <b>bold</b>', '<tool', 'a {"name":"f","arguments":{}}', '{"other": 1}', '{', '', 'a <tool', 'ends \n ', '<tool_call> I would say']) {
    for (const pieces of [[text], text.split('')]) expect(read(pieces), text).toEqual({ text, calls: [] });
  }
});

test('C30: marks inside an argument are data; a call that is cut off has what came of it', () => {
  const json = '{"name": "f", "arguments": {"a": "</tool_call> } \\" <tool_call>"}}';
  expect(read([`<tool_call>${json}</tool_call>`]).calls).toEqual([{ name: 'f', arguments: '{"a": "</tool_call> } \\" <tool_call>"}' }]);
  expect(read(['<tool_call>{"name": "f", "arguments": {"a": "b'])).toEqual({ text: '', calls: [{ name: 'f', arguments: '{"a": "b' }] });
});

test('C25 C27: a text may come before calls, without the white space between them', () => {
  const written = 'Let me <b>look</b>.\n\n<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>\n<tool_call>\n{"name": "g", "arguments": {}}\n</tool_call>';
  for (const pieces of [[written], written.split(''), written.split(/(?<=[ \n])/u)]) {
    expect(read(pieces)).toEqual({
      text: 'Let me <b>look</b>.',
      calls: [
        { name: 'f', arguments: '{"a": 1}' },
        { name: 'g', arguments: '{}' },
      ],
    });
  }
});

test('C23: where answers are JSON, one that looks like a call is an answer, said as it comes; calls have marks', () => {
  const json = '{"name": "f", "arguments": {"a": "<tool_call>"}}';
  const { found, reader } = collectingReader({ answersInJson: true });
  reader.push('{"name": ');
  expect(found.text).toBe('{"name": ');
  for (const pieces of [[json], json.split('')]) expect(read(pieces, true)).toEqual({ text: json, calls: [] });
  for (const pieces of [[`<tool_call>${json}</tool_call>`], `<tool_call>${json}</tool_call>`.split('')])
    expect(read(pieces, true)).toEqual({ text: '', calls: [{ name: 'f', arguments: '{"a": "<tool_call>"}' }] });
});
