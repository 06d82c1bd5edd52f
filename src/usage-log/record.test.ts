import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from 'node:zlib';
import type { UsageRecord } from '../contract/usage.ts';
import { decodeRecords, lineOf } from './record.ts';
import { usageRecord } from './testing.ts';

const line = (requestId: string) => lineOf(usageRecord(requestId));

test('a damaged line is counted and skipped, a torn end is left', () => {
  const bytes = Buffer.from(`${line('a')}00000000 ["x"]\n0\n0 \n\n${line('b')}${line('c').slice(0, 40)}`);
  const decoded = decodeRecords(bytes, 100);
  expect(decoded.batch.records.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  expect(decoded.damaged).toBe(3);
  expect(bytes.length - decoded.bytes).toBe(40);
});

test('what is read is what was written, whatever the text, and its JSON holds the fields in their order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), fc.boolean(), (text, durationMs, estimated) => {
      const record = usageRecord(`${text}\u2028\n"`, { model: text, durationMs, estimated, stages: { total: durationMs } });
      const { batch, bytes, damaged } = decodeRecords(Buffer.from(lineOf(record)), 10);
      expect({ records: batch.records, damaged }).toEqual({ records: [record], damaged: 0 });
      expect(bytes).toBe(Buffer.byteLength(lineOf(record)));
      const [, ...fields] = batch.rows.fields as [string, ...(keyof UsageRecord)[]];
      expect(fields.toSorted()).toEqual(Object.keys(record).toSorted());
      expect(JSON.parse(batch.rows.json.toString())).toEqual([[expect.any(Number), ...fields.map((field) => record[field])]]);
    }),
  );
});

test('one changed byte anywhere in a line is noticed', () => {
  const whole = Buffer.from(line('a'));
  for (let at = 0; at < whole.length - 1; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { batch, damaged } = decodeRecords(changed, 10);
    expect(batch.records, `byte ${at}`).toEqual([]);
    expect(damaged, `byte ${at}`).toBeGreaterThan(0);
  }
});

test('lines of before, with the checksum in front and fewer fields, are read', () => {
  const values = Object.values(usageRecord('a')).slice(0, -3);
  const json = JSON.stringify(values);
  const { batch, damaged } = decodeRecords(Buffer.from(`${crc32(json)} ${json}\n`), 10);
  expect({ records: batch.records, damaged }).toEqual({ records: [usageRecord('a')], damaged: 0 });
});

test('lines and probes of the disk, as they stand in the file, are rows of a JSON list', () => {
  const { batch } = decodeRecords(Buffer.from(`\n${line('a')}\n${line('b')}`), 10);
  expect((JSON.parse(batch.rows.json.toString()) as unknown[][]).map(([, id]) => id)).toEqual(['a', 'b']);
});
