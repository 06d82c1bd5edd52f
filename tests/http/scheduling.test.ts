import { afterEach, beforeEach, expect, test } from 'vitest';
import { estimate } from '../../src/scheduler/estimate.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, echoManifest, type Harness, startHarness } from '../harness.ts';
import { gauge, whileAdvancing } from './support.ts';

/** Room for one echo engine, not for two. */
const ROOM = Math.floor(estimate(echoManifest()).memoryBytes * 1.5);
const NAMES = ['one', 'two', 'three'];
let clock: FakeClock;
let modelyard: Harness;
beforeEach(async () => {
  clock = new FakeClock();
  modelyard = await startHarness({ clock, config: { engineMemoryBytes: ROOM } });
});
afterEach(() => whileAdvancing(clock, modelyard.stop()));

const chat = (model: string, content = 'hi') => modelyard.call('/v1/chat/completions', { body: chatBody(model, content) });
const deployAll = async () => {
  for (const name of NAMES) await whileAdvancing(clock, modelyard.deployEcho(name));
};
const launches = (name: string) => modelyard.launcher.launches.filter((launched) => launched === name).length;
const stateOf = async (name: string) =>
  ((await (await modelyard.call(`/api/v1/deployments/${name}`)).json()) as { revisions: { state: string; replicas: { state: string }[] }[] }).revisions[0];

test('models that do not fit together are all deployed; one is loaded, the others when they are called, and every call is answered', async () => {
  await deployAll();
  expect((await stateOf('one'))?.state).toBe('ready');
  expect((await stateOf('two'))?.state).toBe('idle');
  expect(launches('two')).toBe(0);
  for (let round = 0; round < 3; round++) {
    for (const name of NAMES) {
      await clock.advance(3_000);
      expect((await whileAdvancing(clock, chat(name))).status, `${name}, round ${round}`).toBe(200);
    }
  }
  expect(NAMES.map(launches).every((count) => count >= 2)).toBe(true);
});

test('mixed calls at once: all are answered although only one model fits at a time', async () => {
  await deployAll();
  const calls = Array.from({ length: 60 }, (_, index) => chat(NAMES[index % NAMES.length] ?? 'one', `call ${index}`));
  const statuses = (await whileAdvancing(clock, Promise.all(calls))).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test('P14: fifty cold calls at once load the model once', async () => {
  await deployAll();
  await clock.advance(5_000);
  const calls = Array.from({ length: 50 }, () => chat('two'));
  for (const { status } of await whileAdvancing(clock, Promise.all(calls))) expect(status).toBe(200);
  expect(launches('two')).toBe(1);
});

test('S20: a model that can never fit is refused before it is loaded, with the numbers', async () => {
  await modelyard.running.control.registry.publishManifest(modelyard.running.operator, 'huge', {
    ...echoManifest(),
    weights: { ...echoManifest().weights, tensorBytes: 0 },
    engine: 'onnx',
  });
  const refused = await modelyard.call('/api/v1/deployments', { body: { model: 'huge' } });
  expect(refused.status).toBe(507);
  const { error } = (await refused.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe('model_too_large');
  expect(error.message).toMatch(/needs \d+\.\d+ GiB .* this server has \d+\.\d+ GiB/);
  expect(launches('huge')).toBe(0);
});

test('a deployment with no minimum goes when nobody has called it for its idle time, and comes back when it is called', async () => {
  await modelyard.running.control.registry.publishManifest(modelyard.running.operator, 'lazy', echoManifest());
  expect((await modelyard.call('/api/v1/deployments', { body: { model: 'lazy', minReplicas: 0, idleSeconds: 30 } })).status).toBe(201);
  expect(launches('lazy')).toBe(0);
  expect((await whileAdvancing(clock, chat('lazy'))).status).toBe(200);
  expect((await stateOf('lazy'))?.state).toBe('ready');
  await clock.advance(20_000);
  expect((await stateOf('lazy'))?.state).toBe('ready');
  await clock.advance(15_000);
  await expect.poll(async () => (await stateOf('lazy'))?.state).toBe('idle');
  expect((await whileAdvancing(clock, chat('lazy'))).status).toBe(200);
  expect(launches('lazy')).toBe(2);
});

test('under load replicas come up to the maximum, and go again when it is over', async () => {
  await modelyard.stop();
  clock = new FakeClock();
  modelyard = await startHarness({ clock });
  await modelyard.running.control.registry.publishManifest(modelyard.running.operator, 'busy', echoManifest({ slots: 2 }));
  await modelyard.call('/api/v1/deployments', { body: { model: 'busy', minReplicas: 1, maxReplicas: 3, targetConcurrency: 2, idleSeconds: 30 } });
  await expect.poll(async () => (await stateOf('busy'))?.state).toBe('ready');
  const stop = new AbortController();
  const calls = Array.from({ length: 12 }, () => modelyard.call('/v1/chat/completions', { body: chatBody('busy', '[[hang]]'), signal: stop.signal }).catch(() => undefined));
  await expect.poll(() => gauge(modelyard, 'running', 'busy')).toBe(2);
  await clock.advance(8_000);
  await expect.poll(() => gauge(modelyard, 'running', 'busy')).toBe(6);
  expect(launches('busy')).toBe(3);
  stop.abort();
  await whileAdvancing(clock, Promise.all(calls));
  await clock.advance(130_000);
  await expect.poll(async () => (await stateOf('busy'))?.replicas.filter(({ state }) => state === 'ready').length).toBe(1);
});
