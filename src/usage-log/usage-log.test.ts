import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
import type { UsageRecord } from '../contract/usage.ts';
import { UsageLog } from './log.ts';
import { Poster } from './poster.ts';
import { decodeRecords, encodeRecord, type RecordBatch } from './record.ts';
import { CrashingStorage } from './testing.ts';

function record(requestId: string): UsageRecord {
  return {
    requestId,
    startedAt: 1,
    orgId: 'org',
    keyId: 'key',
    deployment: 'echo',
    revision: 'rev',
    model: 'echo',
    version: 1,
    operation: 'chat',
    status: 'ok',
    httpStatus: 200,
    promptTokens: 1,
    cachedTokens: 0,
    completionTokens: 2,
    rows: 0,
    requestBytes: 3,
    responseBytes: 4,
    estimated: false,
    attempts: 1,
    durationMs: 5,
    stages: {},
  };
}

/** A small generator with a seed (mulberry32), so that a failing run can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function postAll(storage: CrashingStorage): Promise<Map<string, number>> {
  const posted = new Map<string, number>();
  const log = await UsageLog.open({ clock: systemClock, storage, sync: 'group' });
  const post = async ({ records }: RecordBatch) => {
    for (const { requestId } of records) posted.set(requestId, (posted.get(requestId) ?? 0) + 1);
  };
  const poster = new Poster({ clock: systemClock, storage, log, post, report: () => undefined });
  await poster.close();
  await log.close();
  return posted;
}

test('a damaged line is counted and skipped, a torn end is left', () => {
  const bytes = Buffer.from(`${encodeRecord(record('a')).line}00000000 {"requestId":"x"}\n0\n\n${encodeRecord(record('b')).line}deadbe`);
  const decoded = decodeRecords(bytes, 100);
  expect(decoded.records.map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  expect(JSON.parse(decoded.json)).toEqual(decoded.records);
  expect(decoded.damaged).toBe(2);
  expect(bytes.length - decoded.bytes).toBe(6);
});

test('M22: 1,000 seeded crashes: every acknowledged record is found once after a kill, and with before-answer after a power loss too', async () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = seeded(seed);
    const how = random() < 0.5 ? 'kill' : 'power-loss';
    const storage = new CrashingStorage();
    const log = await UsageLog.open({ clock: systemClock, storage, sync: how === 'kill' ? 'group' : 'before-answer' });
    storage.crashAfter(Math.floor(random() * 8), random());
    const acknowledged: string[] = [];
    for (let burst = 0; burst < 10; burst++) {
      const ids = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => `${burst}-${i}`);
      await Promise.all(
        ids.map((id) =>
          log.append(record(id)).then(
            () => acknowledged.push(id),
            () => undefined,
          ),
        ),
      );
    }
    storage.restart(how);
    const posted = await postAll(storage);
    for (const id of acknowledged) expect(posted.get(id), `seed ${seed}, ${how}, record ${id}`).toBe(1);
  }
});

test('M23: while posting fails the records stay; when it works again each is posted', async () => {
  const storage = new CrashingStorage();
  const log = await UsageLog.open({ clock: systemClock, storage, sync: 'group' });
  let down = true;
  const posted: string[] = [];
  const post = async ({ records }: RecordBatch) => {
    if (down) throw new Error('SQLITE_BUSY');
    posted.push(...records.map(({ requestId }) => requestId));
  };
  const problems: string[] = [];
  const poster = new Poster({ clock: systemClock, storage, log, post, report: ({ message }) => problems.push(message) });
  await Promise.all(['a', 'b', 'c'].map((id) => log.append(record(id))));
  await expect.poll(() => problems.length).toBeGreaterThan(0);
  expect(posted).toEqual([]);
  down = false;
  await expect.poll(() => posted).toEqual(['a', 'b', 'c']);
  await poster.close();
  await log.close();
});

test('M23: a full disk makes the log unwritable, and a probe finds out by itself when it is not any more', async () => {
  const clock = new FakeClock();
  const storage = new CrashingStorage();
  const log = await UsageLog.open({ clock, storage, sync: 'group' });
  storage.crashAfter(0, 0);
  await expect(log.append(record('a'))).rejects.toThrow('crashed');
  expect(log.writable).toBe(false);
  storage.restart('kill');
  await clock.advance(1_000);
  await expect.poll(() => log.writable).toBe(true);
  await log.append(record('b'));
  await log.close();
  expect([...(await postAll(storage)).keys()]).toEqual(['b']);
});

/** A poster on a disk that counts its reads, and a `post` that can fail. */
async function postingWorld() {
  const clock = new FakeClock();
  const storage = new CrashingStorage();
  let reads = 0;
  const read = storage.read.bind(storage);
  storage.read = (...all) => {
    reads++;
    return read(...all);
  };
  const log = await UsageLog.open({ clock, storage, sync: 'group' });
  const posted: string[] = [];
  const state = { down: false };
  const post = async ({ records, json }: RecordBatch) => {
    if (state.down) throw new Error('SQLITE_BUSY');
    expect(JSON.parse(json)).toEqual(records);
    posted.push(...records.map(({ requestId }) => requestId));
  };
  const poster = new Poster({ clock, storage, log, post, report: () => undefined });
  return { clock, storage, log, posted, state, poster, reads: () => reads };
}

const ids = (count: number, prefix = '') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('what was just written is posted from memory: the disk is not read', async () => {
  const { clock, log, posted, poster, reads } = await postingWorld();
  for (const burst of ['a', 'b', 'c']) {
    await Promise.all(ids(50, burst).map((id) => log.append(record(id))));
    await clock.advance(1_000);
  }
  expect(posted).toEqual([...ids(50, 'a'), ...ids(50, 'b'), ...ids(50, 'c')]);
  expect(reads()).toBe(0);
  await poster.close();
  await log.close();
});

test('M23: after a failure, and when more has gathered than memory keeps, the disk is read, and each record is posted once, in order', async () => {
  const { clock, log, posted, state, poster, reads } = await postingWorld();
  state.down = true;
  const all = ids(25_000);
  for (let at = 0; at < all.length; at += 1_000) await Promise.all(all.slice(at, at + 1_000).map((id) => log.append(record(id))));
  await clock.advance(1_000);
  expect(posted).toEqual([]);
  state.down = false;
  await clock.advance(60_000);
  await expect.poll(() => posted.length).toBe(all.length);
  expect(posted).toEqual(all);
  const before = reads();
  await log.append(record('last'));
  await clock.advance(1_000);
  expect(posted.at(-1)).toBe('last');
  expect(reads()).toBe(before);
  await poster.close();
  await log.close();
});
