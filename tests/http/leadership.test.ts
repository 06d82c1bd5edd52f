import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { pause, whileAdvancing } from './support.ts';

/** Two servers on one database, each with a clock of its own: one can be put to sleep. */
const TTL_MS = 15_000;
const clocks = { first: new FakeClock(), second: new FakeClock() };
let folder: string;
let first: Harness;
let second: Harness;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'my-lead-'));
  clocks.first = new FakeClock();
  clocks.second = new FakeClock();
  first = await startHarness({ clock: clocks.first, database: join(folder, 'shared.db'), config: { leaderTtlMs: TTL_MS } });
  await whileAdvancing(clocks.first, first.deployEcho('echo'));
  second = await startHarness({ clock: clocks.second, database: join(folder, 'shared.db'), config: { leaderTtlMs: TTL_MS } });
});
afterEach(async () => {
  await whileAdvancing(clocks.first, first.stop());
  await whileAdvancing(clocks.second, second.stop());
  rmSync(folder, { recursive: true, force: true });
});

const ready = async (server: Harness) => (await server.call('/v2/models/echo/ready', { key: first.key })).status;
const replicas = async (server: Harness) =>
  ((await (await server.call('/api/v1/deployments/echo', { key: first.key })).json()) as { revisions: { replicas: { id: string }[] }[] }).revisions.flatMap(
    (revision) => revision.replicas,
  );
/** Lets time pass in small steps, with time for the database to answer. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await clock.advance(1_000);
    await pause(5);
  }
}

test('S35: while one leads the other starts nothing; when the leader is asleep for 30 s the other takes over, and the sleeper, awake again, starts nothing and ends what it had', async () => {
  await Promise.all([pass(clocks.first, 20_000), pass(clocks.second, 20_000)]);
  expect([first.launcher.launches.length, second.launcher.launches.length]).toEqual([1, 0]);

  await pass(clocks.second, 30_000);
  await expect.poll(() => second.launcher.launches.length).toBe(1);
  await expect.poll(() => ready(second)).toBe(200);

  // It wakes up with an order to start another engine, which comes before it has heard of anything.
  const waking = clocks.first.sleep(30_000);
  await first.running.control.deployments.scale(first.running.operator, 'echo', { replicas: 3 });
  await waking;
  await Promise.all([pass(clocks.first, 20_000), pass(clocks.second, 20_000)]);
  expect(first.launcher.launches.length).toBe(1);
  await expect.poll(() => replicas(first)).toEqual([]);
  const answer = await second.call('/v1/chat/completions', { key: first.key, body: chatBody('echo', 'hello') });
  expect(answer.status).toBe(200);
}, 20_000);
