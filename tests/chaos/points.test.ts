import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stage, until } from './money/stage.ts';

/** The server is killed at each point of a priced call's life; then it is started again, and again with what it had posted in its log once more. */

const TIMEOUT_MS = 180_000;

interface Killed {
  /** Calls that were recorded and not posted when the server died. */
  readonly unposted: readonly string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(['sqlite', 'postgres'] as const)('M5: kill -9 on %s', (db) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(db);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Starts, has a call answered and posted, so that a lease is out, and comes to the point; then kills, recovers twice, and audits. */
  async function killAt(comeTo: () => Promise<void>): Promise<Killed> {
    await stage.start();
    const first = await stage.say('one two three');
    expect(first.outcome).toBe('whole');
    await until('the posting', async () => (await stage.unposted()).length === 0);
    await comeTo();
    const underWay = stage.begun;
    expect(await stage.end('SIGKILL')).toBeNull();
    const atKill = await stage.book();
    const unposted = (await stage.unposted()).map(({ id }) => id);
    expect(atKill.leases.filter(({ state }) => state === 'open').length, 'a lease is out').toBeGreaterThan(0);
    expect(stage.recorded().length).toBeGreaterThan(0);
    await recover();
    expect(stage.begun, 'recovery asks no engine').toBe(underWay);
    return { unposted };
  }

  /** M5: nothing is held, what is recorded is billed, each once. M7: the same log again changes nothing. */
  async function recover(): Promise<void> {
    const putBack = stage.keepLog();
    const recorded = stage.recorded().map(({ id }) => id);
    await stage.start();
    const once = await stage.recovered();
    expect(await stage.end('SIGTERM')).toBe(0);
    const ids = once.usage.map(({ id }) => id);
    expect(ids).toHaveLength(new Set(ids).size);
    expect(new Set(ids)).toEqual(new Set([...ids, ...recorded]));
    putBack();
    expect(stage.recorded().map(({ id }) => id)).toEqual(recorded);
    await stage.start();
    const twice = await stage.recovered();
    expect(await stage.end('SIGTERM')).toBe(0);
    expect(twice.head).toEqual(once.head);
    expect({ ...(await stage.book()), leases: [] }).toEqual({ ...once, leases: [] });
    const { findings } = await stage.audit();
    expect(findings).toEqual([]);
  }

  test('M5 M7: after the hold, while the engine hangs: nothing is billed, and what was held goes back', { timeout: TIMEOUT_MS }, async () => {
    let hanging: Promise<{ outcome: string }> | undefined;
    let before = 0;
    await killAt(async () => {
      before = (await stage.book()).usage.length;
      const begun = stage.begun;
      hanging = stage.say('[[hang]]');
      await until('the hold', () => stage.begun > begun);
    });
    expect((await hanging)?.outcome).toBe('cut');
    expect((await stage.book()).usage).toHaveLength(before);
  });

  test('M5 M7: after the first byte of a stream', { timeout: TIMEOUT_MS }, async () => {
    let streaming: Promise<{ outcome: string }> | undefined;
    await killAt(async () => {
      const first = Promise.withResolvers<void>();
      streaming = stage.say('one two three four five six [[delay-ms:400]]', { stream: true, watch: { onPiece: () => first.resolve() } });
      await first.promise;
    });
    expect((await streaming)?.outcome).toBe('cut');
  });

  test('M5 M7: right after the last byte of an answer: its record is written and not posted, and it is billed after the start', { timeout: TIMEOUT_MS }, async () => {
    const TRIES = 8;
    const caught: boolean[] = [];
    while (caught.length < TRIES && !caught.includes(true)) {
      let id = '';
      const { unposted } = await killAt(async () => {
        // This one is posted at once, and the next batch gathers for a while.
        await stage.say('one');
        id = (await stage.say('two three', { stream: caught.length % 2 === 0 })).id ?? '';
      });
      caught.push(unposted.includes(id));
      const book = await stage.book();
      expect(book.usage.filter((row) => row.id === id)).toHaveLength(1);
      expect(book.transactions.filter((transaction) => transaction.id === id)).toHaveLength(1);
    }
    expect(caught, 'an answer was caught before it was posted').toContain(true);
  });

  test('M5 M7: while it posts, 0 to 300 ms after a burst of answers', { timeout: TIMEOUT_MS }, async () => {
    const told: string[] = [];
    for (const delayMs of [0, 50, 100, 150, 200, 250, 300]) {
      await stage.start();
      const { buyers } = stage;
      const burst = Array.from({ length: 40 }, (_, n) =>
        stage.say(`one two three four ${n}`, { stream: n % 3 === 0, ...(buyers[n % buyers.length] && { buyer: buyers[n % buyers.length] }) }),
      );
      const outcomes = (await Promise.all(burst)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'whole').length).toBeGreaterThan(buyers.length);
      await pause(delayMs);
      expect(await stage.end('SIGKILL')).toBeNull();
      told.push(`${delayMs} ms: ${(await stage.unposted()).length} of ${stage.recorded().length} not posted`);
    }
    process.stdout.write(`${db}: ${told.join('; ')}\n`);
    await recover();
  });

  test('M5 M7: after it posted, and before its leases go back', { timeout: TIMEOUT_MS }, async () => {
    await killAt(async () => {
      const { id } = await stage.say('one two');
      await until('the posting', async () => (await stage.book()).transactions.some((transaction) => transaction.id === id));
    });
  });
});
