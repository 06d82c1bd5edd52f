import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecords, encodeRecord, lineOf } from './record.ts';
import { usageRecord } from './testing.ts';

const line = (requestId: string) => lineOf(encodeRecord(usageRecord(requestId)));

test('a damaged line is counted and skipped, a torn end is left', () => {
  const bytes = Buffer.from(`${line('a')}00000000 ["x"]\n0\n0 \n\n${line('b')}${line('c').slice(0, 40)}`);
  const decoded = decodeRecords(bytes, 100);
  expect(decoded.records.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  expect(decoded.damaged).toBe(3);
  expect(bytes.length - decoded.bytes).toBe(40);
});

test('what is read is what was written, whatever the text, and its JSON holds the fields in their order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), fc.boolean(), (text, durationMs, estimated) => {
      const record = usageRecord(`${text}\u2028\n"`, { model: text, durationMs, estimated, stages: { total: durationMs } });
      const { records, rows, bytes, damaged } = decodeRecords(Buffer.from(lineOf(encodeRecord(record))), 10);
      expect({ records, damaged }).toEqual({ records: [record], damaged: 0 });
      expect(bytes).toBe(Buffer.byteLength(lineOf(encodeRecord(record))));
      expect(JSON.parse(rows.json)).toEqual([rows.fields.map((field) => record[field])]);
    }),
  );
});

test('one changed byte anywhere in a line is noticed', () => {
  const whole = Buffer.from(line('a'));
  for (let at = 0; at < whole.length - 1; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { records, damaged } = decodeRecords(changed, 10);
    expect(records, `byte ${at}`).toEqual([]);
    expect(damaged, `byte ${at}`).toBeGreaterThan(0);
  }
});
