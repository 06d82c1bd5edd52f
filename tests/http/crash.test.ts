import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, echoManifest, type Harness, startHarness } from '../harness.ts';
import { gauge, pause, readEvents, said, usageOf, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
let clock: FakeClock;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock });
  for (const name of ['frail', 'other']) await whileAdvancing(clock, modelyard.deployEcho(name, { slots: 2 }));
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

const chat = (model: string, content = 'hi', more: Record<string, unknown> = {}) => modelyard.call(CHAT, { body: chatBody(model, content, more) });
const running = (name: string) => expect.poll(() => gauge(modelyard, 'running', name), { interval: 10 });
const launches = () => modelyard.launcher.launches.filter((name) => name === 'frail').length;
const ready = async (name: string) => (await modelyard.call(`/v2/models/${name}/ready`)).status;

test('S17: an engine killed in the middle of calls: those that had got nothing are made again once it is back, each alone; the other model goes on', async () => {
  const calls = [chat('frail', '[[delay-ms:60]] a b'), chat('frail', '[[delay-ms:60]] a b')];
  const others = chat('other', '[[delay-ms:100]] a b c');
  await running('frail').toBe(2);
  modelyard.launcher.crash('frail');
  expect((await others).status).toBe(200);
  expect((await chat('other')).status).toBe(200);
  await expect.poll(() => ready('frail')).toBe(503);
  expect(launches()).toBe(1);
  await clock.advance(999);
  expect(launches()).toBe(1);
  await clock.advance(1);
  expect(launches()).toBe(2);
  let most = 0;
  const watch = setInterval(() => void gauge(modelyard, 'running', 'frail').then((count) => (most = Math.max(most, count))), 5);
  expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
  clearInterval(watch);
  expect(most).toBe(1);
  expect((await whileAdvancing(clock, usageOf(modelyard, 'frail', 2))).map(({ attempts }) => attempts)).toEqual([2, 2]);
});

test('S17 S18: an input that ends its engine again is told so and its neighbour is served; ending it twice while alone it is refused, and never reaches an engine', async () => {
  const poison = () => whileAdvancing(clock, chat('frail', 'POISON'));
  const [bad, good] = await whileAdvancing(clock, Promise.all([chat('frail', 'POISON'), chat('frail', '[[delay-ms:60]] a b c')]));
  expect([bad.status, good.status]).toEqual([502, 200]);
  expect(await bad.json()).toMatchObject({ error: { code: 'engine_crashed', type: 'server_error' } });
  // The first time it was not alone, the second time it was; this is the second time that it is.
  expect((await poison()).status).toBe(502);
  const before = launches();
  const refused = await poison();
  expect(refused.status).toBe(422);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
  expect(await refused.json()).toMatchObject({ error: { code: 'quarantined', message: expect.stringContaining('has ended the engine of "frail" 2 times') as string } });
  expect((await whileAdvancing(clock, chat('frail', 'POISO'))).status).toBe(200);
  expect(launches()).toBe(before + 1);
  expect(await (await modelyard.call('/metrics')).text()).toContain('modelyard_inputs_quarantined_total{deployment="frail"} 1');
  await clock.advance(3_600_000);
  expect((await poison()).status).toBe(502);
});

test('S18: an input that is answered after its engine was ended is not what ended it: from outside an engine may be killed as often as you like', async () => {
  for (let kill = 0; kill < 3; kill++) {
    const call = chat('frail', '[[delay-ms:60]] a b');
    await running('frail').toBe(1);
    modelyard.launcher.crash('frail');
    expect((await whileAdvancing(clock, call)).status).toBe(200);
  }
  expect(await (await modelyard.call('/metrics')).text()).not.toContain('modelyard_inputs_quarantined_total{');
});

test('S17: a call that comes while the engine is away waits for it and is served', async () => {
  modelyard.launcher.crash('frail');
  await expect.poll(() => ready('frail')).toBe(503);
  const call = chat('frail', 'patient');
  await expect.poll(() => gauge(modelyard, 'waiting', 'frail')).toBe(1);
  await clock.advance(1_000);
  expect((await call).status).toBe(200);
});

test('S17 S28: a stream under way ends with an error event, its words are billed as estimated', async () => {
  const response = await chat('frail', '[[delay-ms:20]] [[tokens:1000]] w', { stream: true });
  await pause(120);
  modelyard.launcher.crash('frail');
  const { frames, chunks } = readEvents(await response.text());
  expect(said(chunks).length).toBeGreaterThan(0);
  expect(chunks.at(-1)?.error?.code).toBe('engine_crashed');
  expect(frames).not.toContain('data: [DONE]');
  await clock.advance(100);
  const words = said(chunks).split(' ').length;
  expect(await usageOf(modelyard, 'frail', 1)).toMatchObject([{ status: 'failed', httpStatus: 200, estimated: true, completionTokens: words }]);
});

test('S17: an engine that ends five times in five minutes is failed, says why, and is not a hot loop', async () => {
  for (let crash = 0; crash < 5; crash++) {
    modelyard.launcher.crash('frail');
    await expect.poll(() => ready('frail')).toBe(503);
    if (crash < 4) await whileAdvancing(clock, expect.poll(() => ready('frail')).toBe(200), 20);
  }
  const before = launches();
  const refused = await chat('frail');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toMatchObject({ error: { code: 'model_unavailable', message: expect.stringContaining('killed by a test') as string } });
  await clock.advance(7_000);
  expect(launches()).toBe(before);
  expect((await chat('other')).status).toBe(200);
});

test('S7 S34: of two replicas one dies; calls that had got nothing are served by the other', async () => {
  await modelyard.running.control.registry.publishManifest(modelyard.running.operator, 'pair', echoManifest({ slots: 4 }));
  await modelyard.call('/api/v1/deployments', { body: { model: 'pair', replicas: 2 } });
  await expect.poll(() => modelyard.launcher.launches.filter((name) => name === 'pair').length).toBe(2);
  await expect.poll(async () => replicasReady('pair')).toBe(2);
  const calls = Array.from({ length: 6 }, () => chat('pair', '[[delay-ms:300]] a b'));
  await running('pair').toBe(6);
  modelyard.launcher.crash('pair');
  const statuses = (await whileAdvancing(clock, Promise.all(calls))).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
  const rows = await whileAdvancing(clock, usageOf(modelyard, 'pair', 6));
  expect(rows.map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 2, 2, 2]);
});

async function replicasReady(name: string): Promise<number> {
  const { revisions } = (await (await modelyard.call(`/api/v1/deployments/${name}`)).json()) as { revisions: { replicas: { state: string }[] }[] };
  return revisions[0]?.replicas.filter(({ state }) => state === 'ready').length ?? 0;
}
