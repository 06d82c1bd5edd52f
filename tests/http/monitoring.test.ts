import { afterEach, beforeEach, expect, test } from 'vitest';
import { estimate } from '../../src/scheduler/estimate.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, echoManifest, type Harness, startHarness } from '../harness.ts';
import { whileAdvancing } from './support.ts';

const ROOM = Math.floor(estimate(echoManifest()).memoryBytes * 1.5);
let clock: FakeClock;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock, config: { engineMemoryBytes: ROOM } });
  for (const name of ['one', 'two']) await whileAdvancing(clock, modelyard.deployEcho(name));
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

interface Event {
  readonly seq: number;
  readonly deployment: string;
  readonly state: string;
  readonly reason: string;
}
const eventsOf = async (query = '', key?: string) => ((await (await modelyard.call(`/api/v1/events${query}`, key === undefined ? {} : { key })).json()) as { data: Event[] }).data;
const chat = (model: string, content = 'hi') => modelyard.call('/v1/chat/completions', { body: chatBody(model, content) });

test('every load and every eviction is an event with its reason, in order, and can be followed from any of them', async () => {
  await clock.advance(5_000);
  expect((await whileAdvancing(clock, chat('two'))).status).toBe(200);
  await clock.advance(2_000);
  await expect.poll(async () => (await eventsOf()).length).toBeGreaterThanOrEqual(6);
  const events = await eventsOf();
  expect(events.map(({ deployment, state }) => `${deployment} ${state}`)).toEqual(['one starting', 'one ready', 'one stopping', 'one stopped', 'two starting', 'two ready']);
  expect(events.find(({ state }) => state === 'stopping')?.reason).toBe('two is called and needs its memory');
  expect(events.find(({ deployment, state }) => deployment === 'two' && state === 'starting')?.reason).toBe('a call waits');
  expect(events.at(-1)?.reason).toMatch(/^loaded in \d+\.\d s$/);
  const third = events[2]?.seq ?? 0;
  expect((await eventsOf(`?after=${third}`)).map(({ seq }) => seq)).toEqual(events.slice(3).map(({ seq }) => seq));
  expect((await eventsOf('?deployment=two')).every(({ deployment }) => deployment === 'two')).toBe(true);
});

test('a crash is an event, and the figures of the last minute tell of the calls that it cost', async () => {
  expect((await whileAdvancing(clock, chat('one', 'POISON'))).status).toBe(502);
  expect((await whileAdvancing(clock, chat('one'))).status).toBe(200);
  expect(await figures('one')).toMatchObject({ failedShare: 0.5, waiting: 0, running: 0, callsPerSecond: 2 / 60 });
  await clock.advance(1_000);
  await expect.poll(async () => (await eventsOf('?deployment=one')).map(({ state }) => state)).toContain('crashed');
  await clock.advance(61_000);
  expect(await figures('one')).toMatchObject({ callsPerSecond: 0, failedShare: 0 });
});

async function figures(deployment: string) {
  const { data } = (await (await modelyard.call('/api/v1/figures')).json()) as { data: { deployment: string }[] };
  return data.find((of) => of.deployment === deployment);
}

test('another organisation sees nothing of it, and a deployment that is not its own is a 404', async () => {
  await modelyard.call('/api/v1/orgs', { body: { name: 'acme' } });
  const { key } = await modelyard.makeKey({ name: 'theirs', org: 'acme', scopes: ['deployments.read'] });
  await clock.advance(1_000);
  expect(await eventsOf('', key)).toEqual([]);
  expect((await modelyard.call('/api/v1/events?deployment=one', { key })).status).toBe(404);
  expect(await (await modelyard.call('/api/v1/figures', { key })).json()).toEqual({ data: [] });
});

test('scaling changes the bounds at once, and bounds that contradict each other are refused', async () => {
  const scale = (body: unknown) => modelyard.call('/api/v1/deployments/two', { method: 'PATCH', body });
  expect((await scale({ minReplicas: 3, maxReplicas: 2 })).status).toBe(400);
  const scaled = (await (await scale({ minReplicas: 0, maxReplicas: 4, idleSeconds: 60 })).json()) as { revisions: { resources: object }[] };
  expect(scaled.revisions[0]?.resources).toMatchObject({ replicasMin: 0, replicasMax: 4, idleSeconds: 60 });
});
