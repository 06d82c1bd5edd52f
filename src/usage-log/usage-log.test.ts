import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
import { UsageLog } from './log.ts';
import { Poster } from './poster.ts';
import type { RecordBatch } from './record.ts';
import { seeded } from '../../tests/seeded.ts';
import { CrashingStorage, usageRecord } from './testing.ts';

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
          log.append(usageRecord(id)).then(
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
  await Promise.all(['a', 'b', 'c'].map((id) => log.append(usageRecord(id))));
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
  await expect(log.append(usageRecord('a'))).rejects.toThrow('crashed');
  expect(log.writable).toBe(false);
  storage.restart('kill');
  await clock.advance(1_000);
  await expect.poll(() => log.writable).toBe(true);
  await log.append(usageRecord('b'));
  await log.close();
  expect([...(await postAll(storage)).keys()]).toEqual(['b']);
});

test('a sync that fails behind the answers loses nothing that was written, and the log goes on in a new segment', async () => {
  const clock = new FakeClock();
  const storage = new CrashingStorage();
  const log = await UsageLog.open({ clock, storage, sync: 'group' });
  await log.append(usageRecord('a'));
  storage.syncsToFail = 1;
  await clock.advance(5);
  expect(log.writable).toBe(false);
  await Promise.all([log.append(usageRecord('b')), log.append(usageRecord('c'))]);
  expect(log.writable).toBe(true);
  expect(await storage.list()).toHaveLength(2);
  await log.close();
  storage.restart('power-loss');
  expect([...(await postAll(storage)).keys()]).toEqual(['a', 'b', 'c']);
});

test('more than one group may wait, and each record is answered', async () => {
  const storage = new CrashingStorage();
  const log = await UsageLog.open({ clock: new FakeClock(), storage, sync: 'group' });
  const ids = Array.from({ length: 2_500 }, (_, i) => String(i));
  await Promise.all(ids.map((id) => log.append(usageRecord(id))));
  await log.close();
  expect([...(await postAll(storage)).keys()]).toEqual(ids);
});

test('a segment that closes slowly after a failed sync does not take the next one, just begun, away with it', async () => {
  const clock = new FakeClock();
  const storage = new CrashingStorage();
  const closing = Promise.withResolvers<void>();
  const create = storage.create.bind(storage);
  storage.create = async (name) => {
    const file = await create(name);
    if (name === '0000000000000001.usage') return { ...file, close: () => closing.promise };
    const write = async (bytes: Buffer) => {
      closing.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      return file.write(bytes);
    };
    return { ...file, write };
  };
  const log = await UsageLog.open({ clock, storage, sync: 'group' });
  await log.append(usageRecord('a'));
  storage.syncsToFail = 1;
  await clock.advance(5);
  await log.append(usageRecord('b'));
  await log.close();
  expect([...(await postAll(storage)).keys()]).toEqual(['a', 'b']);
});
