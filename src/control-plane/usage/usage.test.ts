import { expect, test } from 'vitest';
import type { UsageRecord } from '../../contract/usage.ts';
import { openDatabase } from '../../db/open.ts';
import { Usage } from './service.ts';

const RECORD: UsageRecord = {
  requestId: 'req_1',
  startedAt: 1_767_225_600_123,
  orgId: 'org_1',
  keyId: 'key_1',
  deployment: 'żółw/"quoted"',
  revision: 'rev_1',
  model: 'a\\b',
  version: 3,
  operation: 'chat',
  status: 'failed',
  httpStatus: 502,
  promptTokens: 1,
  cachedTokens: 2,
  completionTokens: 3,
  rows: 4,
  requestBytes: 5,
  responseBytes: 6,
  estimated: true,
  attempts: 2,
  durationMs: 12.345,
  stages: { authenticate: 0.1, total: 12.345 },
  subscription: '',
  priceVersion: '',
  lease: '',
};
const FIELDS = Object.keys(RECORD) as (keyof UsageRecord)[];
const rowsOf = (...records: UsageRecord[]) => ({ fields: FIELDS, json: JSON.stringify(records.map((record) => FIELDS.map((field) => record[field]))) });
const ALL = { orgId: undefined, since: 0, until: Number.MAX_SAFE_INTEGER };

test('every field of a record comes back as it went in', async () => {
  const db = await openDatabase(':memory:');
  const usage = new Usage(db);
  const plain = { ...RECORD, requestId: 'req_0', estimated: false, durationMs: 5, stages: {} };
  await usage.post(rowsOf(RECORD, plain));
  expect(await usage.list(ALL, 10)).toEqual([RECORD, plain]);
  await db.destroy();
});

test('M22: a record that is posted again changes nothing, and holds up none that comes with it', async () => {
  const db = await openDatabase(':memory:');
  const usage = new Usage(db);
  await usage.post(rowsOf(RECORD));
  await usage.post(rowsOf({ ...RECORD, promptTokens: 99 }, { ...RECORD, requestId: 'req_2' }));
  expect((await usage.list(ALL, 10)).map(({ requestId, promptTokens }) => [requestId, promptTokens])).toEqual([
    ['req_2', 1],
    ['req_1', 1],
  ]);
  await db.destroy();
});
