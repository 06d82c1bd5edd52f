import { expect, test } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { systemClock } from '../base/clock.ts';
import type { UsageRecord } from '../contract/usage.ts';
import { UsageLog, type UsageLogOptions } from './log.ts';
import { Poster } from './poster.ts';
import { lineOf, type RecordBatch } from './record.ts';
import { seeded } from '../../tests/seeded.ts';
import { CrashingStorage, usageRecord } from './testing.ts';

/** A poster on a disk that counts its reads, and a `post` that can fail. */
async function postingWorld(storage = new CrashingStorage(), options: Pick<UsageLogOptions, 'keptBytesMax'> = {}) {
  const clock = new FakeClock();
  const log = await UsageLog.open({ clock, storage, sync: 'group', ...options });
  const posted: string[] = [];
  const problems: string[] = [];
  const state = { down: false };
  const post = async ({ records, rows }: RecordBatch) => {
    if (state.down) throw new Error('SQLITE_BUSY');
    const [, ...fields] = rows.fields as [string, ...(keyof UsageRecord)[]];
    expect(JSON.parse(rows.json.toString())).toEqual(records.map((record) => [expect.any(Number), ...fields.map((field) => record[field])]));
    posted.push(...records.map(({ requestId }) => requestId));
  };
  const poster = new Poster({ clock, storage, log, post, report: ({ message }) => problems.push(message) });
  const append = (all: readonly string[], model = 'echo') => Promise.all(all.map((id) => log.append(usageRecord(id, { model }))));
  return { clock, storage, log, posted, problems, state, poster, append };
}

const ids = (count: number, prefix = '') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('what was just written is posted from memory: the disk is not read', async () => {
  const { clock, storage, log, posted, poster, append } = await postingWorld();
  for (const burst of ['a', 'b', 'c']) {
    await append(ids(50, burst));
    await clock.advance(1_000);
  }
  await append(ids(50, 'd'));
  await poster.close();
  await log.close();
  expect(posted).toEqual(['a', 'b', 'c', 'd'].flatMap((burst) => ids(50, burst)));
  expect(storage.reads).toBe(0);
});

test('segments that fill up under way are posted from memory too, and removed when all of them is posted', async () => {
  const { clock, storage, log, posted, state, poster, append } = await postingWorld();
  const all = ids(2_000);
  const large = 'x'.repeat(10_000);
  for (let at = 0; at < 1_000; at += 100) await append(all.slice(at, at + 100), large);
  await clock.advance(2_000);
  expect(await storage.list()).toEqual(['0000000000000002.usage']);
  state.down = true;
  for (let at = 1_000; at < all.length; at += 100) await append(all.slice(at, at + 100), large);
  await clock.advance(1_000);
  expect(storage.reads).toBeGreaterThan(0);
  expect(await storage.list()).toHaveLength(2);
  state.down = false;
  await clock.advance(60_000);
  expect(posted).toEqual(all);
  expect(await storage.list()).toEqual(['0000000000000003.usage']);
  await poster.close();
  await log.close();
});

test('M23: after a failure, and when more has gathered than memory keeps, the disk is read, and each record is posted once, in order', async () => {
  const { clock, storage, log, posted, state, poster, append } = await postingWorld(new CrashingStorage(), { keptBytesMax: 1_048_576 });
  state.down = true;
  const all = ids(25_000);
  for (let at = 0; at < all.length; at += 1_000) await append(all.slice(at, at + 1_000));
  await clock.advance(1_000);
  expect(posted).toEqual([]);
  state.down = false;
  await clock.advance(60_000);
  await expect.poll(() => posted.length).toBe(all.length);
  expect(posted).toEqual(all);
  const before = storage.reads;
  await append(['last']);
  await clock.advance(1_000);
  expect(posted.at(-1)).toBe('last');
  expect(storage.reads).toBe(before);
  await poster.close();
  await log.close();
});

test("what a former process has left comes first, a damaged line of it is told of, and its segment goes; then it is memory's turn", async () => {
  const storage = new CrashingStorage();
  const line = (id: string) => lineOf(usageRecord(id));
  storage.leave('0000000000000007.usage', `${line('a')}${line('b').replace('echo', 'ECHO')}${line('c')}${line('torn').slice(0, 30)}`);
  const { clock, log, posted, problems, poster, append } = await postingWorld(storage);
  await append(['d', 'e']);
  await clock.advance(1_000);
  expect(posted).toEqual(['a', 'c', 'd', 'e']);
  expect(problems).toEqual(['1 damaged lines in usage segment 0000000000000007.usage']);
  expect(await storage.list()).toEqual(['0000000000000008.usage']);
  expect(storage.reads).toBe(2);
  await poster.close();
  await log.close();
});

/** Traffic with posts that are slow or fail and writes that fail, until the process dies or stops. */
async function life(storage: CrashingStorage, random: () => number, prefix: string) {
  const log = await UsageLog.open({ clock: systemClock, storage, sync: 'group', keptBytesMax: 2_000 });
  const posted: string[] = [];
  const post = async ({ records }: RecordBatch) => {
    for (let turns = Math.floor(random() * 10); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    if (random() < 0.1) throw new Error('SQLITE_BUSY');
    posted.push(...records.map(({ requestId }) => requestId));
  };
  // Waits are turns of the loop, so that a run takes no time.
  const clock = { ...systemClock, after: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const poster = new Poster({ clock, storage, log, post, report: () => undefined });
  const acknowledged: string[] = [];
  const underWay: Promise<unknown>[] = [];
  if (random() < 0.7) storage.crashAfter(Math.floor(random() * 40), random());
  for (let burst = 0; burst < 40; burst++) {
    const all = ids(1 + Math.floor(random() * 6), `${prefix}-${burst}-`).map((id) =>
      log.append(usageRecord(id)).then(
        () => acknowledged.push(id),
        () => undefined,
      ),
    );
    underWay.push(...all);
    if (random() < 0.7) await Promise.all(all);
    // The disk is back, the process lives on: a torn line stands in the middle of its log.
    if (storage.dead && random() < 0.3) storage.restart('kill');
  }
  await Promise.all(underWay);
  storage.restart('kill');
  await log.close();
  await poster.close();
  return { acknowledged, posted };
}

test('M22 M23: 150 seeded lives: whatever fails when, from memory or from disk, nothing acknowledged is skipped, and nothing is posted twice in one life', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = seeded(seed);
    const storage = new CrashingStorage();
    const acknowledged: string[] = [];
    const posted = new Set<string>();
    for (const prefix of ['first', 'second']) {
      const one = await life(storage, random, prefix);
      acknowledged.push(...one.acknowledged);
      expect(new Set(one.posted).size, `seed ${seed}`).toBe(one.posted.length);
      for (const id of one.posted) posted.add(id);
    }
    const log = await UsageLog.open({ clock: systemClock, storage, sync: 'group' });
    const post = async ({ records }: RecordBatch) => records.forEach(({ requestId }) => posted.add(requestId));
    await new Poster({ clock: systemClock, storage, log, post, report: () => undefined }).close();
    await log.close();
    expect(
      acknowledged.filter((id) => !posted.has(id)),
      `seed ${seed}`,
    ).toEqual([]);
  }
});

test('what a former process left in the log is told to be posted once it is, not before', async () => {
  const storage = new CrashingStorage();
  const former = await UsageLog.open({ clock: systemClock, storage, sync: 'group' });
  await former.append(usageRecord('left', {}));
  await former.close();
  const { clock, log, posted, state, poster, append } = await postingWorld(storage);
  state.down = true;
  let isReplayed = false;
  void poster.replayed.then(() => (isReplayed = true));
  await append(['new']);
  await clock.advance(1_000);
  expect(isReplayed).toBe(false);
  state.down = false;
  await clock.advance(60_000);
  expect(isReplayed).toBe(true);
  expect(posted).toEqual(['left', 'new']);
  await poster.close();
  await log.close();
});
