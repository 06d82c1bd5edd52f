import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, type Harness, startHarness } from '../harness.ts';
import { pause, slowCall, whileAdvancing } from './support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let clock: FakeClock;
let modelyard: Harness;
let ownKey = '';
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock });
  for (const name of ['one', 'two']) await whileAdvancing(clock, modelyard.deployEcho(name));
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

interface Point {
  readonly deployment: string;
  readonly start: number;
  readonly calls: number;
  readonly failed: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly replicas: number;
  readonly running: number;
  readonly restarts: number;
}
const history = async (query = '', on: Harness = modelyard, key?: string) => {
  const response = await on.call(`/api/v1/history${query}`, key === undefined ? {} : { key });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as { stepSeconds: number; data: Point[] };
};
const chat = (content: string, model = 'one', on: Harness = modelyard) =>
  whileAdvancing(clock, on.call('/v1/chat/completions', { body: chatBody(model, content), key: on.key || ownKey }), 1);

/** Lets whole minutes pass, each with room for the database's thread. */
async function minutes(count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await clock.advance(MINUTE - (clock.now() % MINUTE) + 10);
    await pause(15);
  }
}

test('each minute has what was called, failed, waited and ran in it; quantiles of several are those of all their calls', async () => {
  await minutes(1);
  const began = clock.now() - (clock.now() % MINUTE);
  for (const text of ['a b c', 'd', '[[error:500]]', '[[error:400]]']) await chat(text);
  await minutes(1);
  await slowCall(clock, modelyard, 'one', 5_000);
  await minutes(1);
  const { stepSeconds, data } = await history(`?deployment=one&since=${began}`);
  expect(stepSeconds).toBe(60);
  expect(data.filter(({ calls }) => calls > 0)).toMatchObject([
    { deployment: 'one', start: began, calls: 4, failed: 1, completionTokens: 4, replicas: 1 },
    { start: began + MINUTE, calls: 1, failed: 0, completionTokens: 2 },
  ]);
  const [first, second] = data;
  expect([first?.p99Ms !== undefined && first.p99Ms < 5_000, second?.p99Ms !== undefined && second.p99Ms >= 5_000]).toEqual([true, true]);
  const joined = await history(`?deployment=one&since=${began - (began % (10 * MINUTE))}&step=600`);
  expect(joined.data).toMatchObject([{ calls: 5, failed: 1, completionTokens: 6, p99Ms: second?.p99Ms }]);
});

test('a crash is a restart of its minute; what is loaded but not called has its minutes too', async () => {
  const hanging = modelyard.call('/v1/chat/completions', { body: chatBody('one', '[[hang]]'), headers: { 'x-request-timeout': '30' } });
  await clock.advance(6_000);
  await expect.poll(async () => (await (await modelyard.call('/metrics')).text()).includes('modelyard_calls_running{deployment="one"} 1')).toBe(true);
  await clock.advance(6_000);
  modelyard.launcher.crash('one');
  await whileAdvancing(clock, hanging);
  await minutes(2);
  const { data } = await history();
  const sum = (name: string, field: 'calls' | 'restarts' | 'failed') => data.filter(({ deployment }) => deployment === name).reduce((all, point) => all + point[field], 0);
  expect([sum('one', 'restarts'), sum('one', 'failed'), sum('two', 'restarts'), sum('two', 'calls')]).toEqual([1, 1, 0, 0]);
  expect(data.find(({ deployment, running }) => deployment === 'one' && running === 1)).toBeDefined();
  expect(data.find(({ deployment }) => deployment === 'two')).toMatchObject({ replicas: 1 });
});

test('hours are joined from their minutes, minutes go after two days, and a restart loses no call', { timeout: 60_000 }, async () => {
  const home = `${modelyard.home}-second`;
  const start = () => startHarness({ clock, home, database: join(modelyard.home, 'history.db') });
  let server = await start();
  const { key } = server;
  ownKey = key;
  await whileAdvancing(clock, server.deployEcho('three'));
  const hour = clock.now() - (clock.now() % HOUR);
  for (let call = 0; call < 3; call++) await chat('a b', 'three', server);
  await clock.advance(MINUTE);
  await pause(30);
  await chat('c', 'three', server);
  await whileAdvancing(clock, server.stop(), 1);
  await clock.sleep(HOUR);
  server = await start();
  const read = async (query: string) => ((await (await server.call(`/api/v1/history?deployment=three&since=${hour}${query}`, { key })).json()) as { data: Point[] }).data;
  expect(await read('&step=3600')).toMatchObject([{ start: hour, calls: 4, completionTokens: 7 }]);
  expect((await read('&step=60')).reduce((sum, { calls }) => sum + calls, 0)).toBe(4);
  await chat('d', 'three', server);
  expect(await read('&step=3600')).toHaveLength(1);
  await minutes(1);
  expect(await read('&step=3600')).toMatchObject([{ calls: 4 }, { start: hour + HOUR, calls: 1 }]);
  for (let day = 0; day < 3; day++) {
    await clock.sleep(24 * HOUR);
    await minutes(1);
  }
  await expect.poll(async () => (await read(`&until=${hour + HOUR}&step=60`)).length).toBe(0);
  expect(await read(`&until=${hour + HOUR}&step=3600`)).toMatchObject([{ calls: 4 }]);
  await whileAdvancing(clock, server.stop());
  rmSync(home, { recursive: true });
});

test('X8: history is of one’s own deployments; what is asked for is bounded', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme' });
  await chat('a');
  await minutes(1);
  expect((await history('', modelyard, key)).data).toEqual([]);
  expect((await modelyard.call('/api/v1/history?deployment=one', { key })).status).toBe(404);
  expect((await history()).data.length).toBeGreaterThan(0);
  for (const query of ['since=5&until=5', 'step=61', 'step=59', 'since=0', `since=${clock.now() - 30 * 24 * HOUR}&step=60`, 'sinse=1']) {
    expect((await modelyard.call(`/api/v1/history?${query}`)).status, query).toBe(400);
  }
});
