import { expect, test } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, echoManifest, type EchoOptions, type Harness, startHarness } from '../harness.ts';
import { fakeForeignUpstream, pause, usageOf, whileAdvancing } from './support.ts';

test('S13: calls that wait while a new version takes the traffic are served by it; none is refused', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('echo', { slots: 2 });
  const { control, operator } = modelyard.running;
  const calls = Array.from({ length: 40 }, () => modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'a b c [[delay-ms:20]]') }));
  await control.registry.publishManifest(operator, 'echo', echoManifest({ slots: 3 }));
  await control.deployments.deploy(operator, { model: 'echo:2' });
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  await Promise.all(answers.map((answer) => answer.text()));
  const metadata = (await (await modelyard.call('/v2/models/echo')).json()) as { versions: string[] };
  expect(metadata.versions).toEqual(['2']);
});

test('a call that names the version that leaves is refused, not served by another', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('echo', { slots: 1 });
  const { control, operator } = modelyard.running;
  const calls = Array.from({ length: 6 }, () => modelyard.call('/v1/chat/completions', { body: chatBody('echo:1', 'a b c d [[delay-ms:60]]') }));
  await control.registry.publishManifest(operator, 'echo', echoManifest({ slots: 2 }));
  await control.deployments.deploy(operator, { model: 'echo' });
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses).toContain(503);
  expect((await modelyard.call('/v1/chat/completions', { body: chatBody('echo:1', 'x') })).status).toBe(404);
});

interface RolloutView {
  readonly state: string;
  readonly reason: string;
  readonly stepsDone: number;
}

/** Publishes version after version of an echo model and rolls them out, with traffic that does not stop meanwhile. */
class Stage {
  readonly modelyard: Harness;
  readonly statuses: number[] = [];
  readonly versions = new Map<number, number>();
  #going = true;
  readonly #callers: Promise<void>[] = [];

  constructor(modelyard: Harness) {
    this.modelyard = modelyard;
  }

  publish(options: EchoOptions): Promise<unknown> {
    const { control, operator } = this.modelyard.running;
    return control.registry.publishManifest(operator, 'echo', echoManifest(options));
  }

  order(body: Record<string, unknown>): Promise<Response> {
    return this.modelyard.call('/api/v1/deployments/echo/rollouts', { body });
  }

  /** `callers` clients, one call after the other each. */
  begin(callers: number): void {
    for (let caller = 0; caller < callers; caller++) this.#callers.push(this.#callOn());
  }

  async end(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#callers);
  }

  get failed(): number {
    return this.statuses.filter((status) => status !== 200).length;
  }

  /** The newest rollout, once it has ended. */
  async ended(): Promise<RolloutView | undefined> {
    for (;;) {
      const { data } = (await (await this.modelyard.call('/api/v1/deployments/echo/rollouts')).json()) as { data: RolloutView[] };
      if (data[0]?.state !== 'running') return data[0];
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #callOn(): Promise<void> {
    while (this.#going) {
      const answer = await this.modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'a b [[delay-ms:2]]') });
      await answer.text();
      this.statuses.push(answer.status);
    }
  }
}

test('S13: ten rollouts of three replicas under traffic: no call fails', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo', { slots: 4 });
  await modelyard.call('/api/v1/deployments/echo', { method: 'PATCH', body: { replicas: 3 } });
  stage.begin(4);
  for (let round = 2; round <= 11; round++) {
    await stage.publish({ slots: 4, contextLength: 1_000 + round });
    expect((await stage.order({ model: 'echo' })).status).toBe(202);
    expect(await stage.ended(), `rollout ${round}`).toMatchObject({ state: 'done' });
    await expect.poll(() => stage.statuses.length, { interval: 5 }).toBeGreaterThan(10 * (round - 1));
  }
  await stage.end();
  expect(stage.failed).toBe(0);
  const { revisions } = (await (await modelyard.call('/api/v1/deployments/echo')).json()) as { revisions: { version: number; resources: { replicasMin: number } }[] };
  expect(revisions).toMatchObject([{ version: 11, resources: { replicasMin: 3 } }]);
}, 60_000);

test('S13, S16: a version that does not start never has traffic; after five ends the rollout is taken back with the reason, and no call has failed', async () => {
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock });
  try {
    const stage = new Stage(modelyard);
    await whileAdvancing(clock, modelyard.deployEcho('echo'));
    await stage.publish({ failStart: true });
    await whileAdvancing(clock, stage.order({ model: 'echo:2' }));
    stage.begin(2);
    const rollout = await whileAdvancing(clock, stage.ended());
    await whileAdvancing(clock, stage.end());
    expect(rollout).toMatchObject({ state: 'rollback', stepsDone: 0, reason: expect.stringContaining('does not start') });
    expect(stage.statuses.length).toBeGreaterThan(10);
    expect(stage.failed).toBe(0);
    const { revisions } = (await (await modelyard.call('/api/v1/deployments/echo')).json()) as { revisions: { version: number; weight: number; restarts: number }[] };
    expect(revisions).toMatchObject([{ version: 1, weight: 100, restarts: 0 }]);
    expect(modelyard.launcher.launches.length).toBe(1 + 5);
  } finally {
    await whileAdvancing(clock, modelyard.stop());
  }
});

test('S14: a canary whose calls fail is taken back within its checks; no more than its share of the calls has failed', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo', { slots: 8 });
  await stage.publish({ slots: 8, failEvery: 2 });
  stage.begin(4);
  const answer = await stage.order({ model: 'echo', canary: { steps: [5, 50], checks: 10, checkSeconds: 0.1 } });
  expect(answer.status).toBe(202);
  const rollout = await stage.ended();
  await stage.end();
  expect(rollout).toMatchObject({ state: 'rollback', stepsDone: 1, reason: expect.stringMatching(/of its \d+ calls failed/) });
  expect(stage.failed).toBeGreaterThanOrEqual(3);
  expect(stage.failed / stage.statuses.length).toBeLessThanOrEqual(0.05);
  const events = async () => ((await (await modelyard.call('/api/v1/events?deployment=echo')).json()) as { data: { state: string }[] }).data.map(({ state }) => state);
  await expect.poll(events).toEqual(expect.arrayContaining(['rollout started', 'traffic moved', 'rollback']));
}, 30_000);

test('S14: a fallback that hides a canary’s failures from the callers does not hide them from its judgement', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo', { slots: 8 });
  await modelyard.deployEcho('spare', { slots: 8 });
  await modelyard.call('/api/v1/deployments/echo', { method: 'PATCH', body: { fallback: 'spare' } });
  await stage.publish({ slots: 8, failEvery: 2 });
  stage.begin(4);
  await stage.order({ model: 'echo', canary: { steps: [20], checks: 10, checkSeconds: 0.1 } });
  expect(await stage.ended()).toMatchObject({ state: 'rollback', stepsDone: 1 });
  await stage.end();
  expect(stage.failed).toBe(0);
}, 30_000);

test('S14: a good canary is given share after share, then all', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo', { slots: 8 });
  await stage.publish({ slots: 8, contextLength: 999 });
  stage.begin(4);
  await stage.order({ model: 'echo', canary: { steps: [20, 50], checks: 2, checkSeconds: 0.1 } });
  expect(await stage.ended()).toMatchObject({ state: 'done', stepsDone: 3 });
  await stage.end();
  expect(stage.failed).toBe(0);
}, 30_000);

test('S15: a label on a version that failed to load is refused with 409; by its number it is tried again', async () => {
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock });
  try {
    const stage = new Stage(modelyard);
    await whileAdvancing(clock, modelyard.deployEcho('echo'));
    await stage.publish({ failStart: true });
    await whileAdvancing(clock, stage.order({ model: 'echo:2' }));
    await whileAdvancing(clock, stage.ended());
    await modelyard.running.control.registry.label(modelyard.running.operator, 'echo', { label: 'stable', version: 2 });
    const refused = await stage.order({ model: 'echo@stable' });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { code: 'version_not_loadable' } });
    expect((await stage.order({ model: 'echo:2' })).status).toBe(202);
  } finally {
    await whileAdvancing(clock, modelyard.stop());
  }
});

test('rollback takes back what is under way, or goes back to what ran before', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo');
  const none = await modelyard.call('/api/v1/deployments/echo/rollback', { method: 'POST' });
  expect(none.status).toBe(409);
  await stage.publish({ slots: 3 });
  await stage.order({ model: 'echo', canary: { steps: [10], checks: 100, checkSeconds: 100 } });
  const aborted = (await (await modelyard.call('/api/v1/deployments/echo/rollback', { method: 'POST' })).json()) as { revisions: { version: number }[] };
  expect(aborted.revisions).toMatchObject([{ version: 1, weight: 100 }]);
  await stage.order({ model: 'echo:2' });
  expect(await stage.ended()).toMatchObject({ state: 'done' });
  await modelyard.call('/api/v1/deployments/echo/rollback', { method: 'POST' });
  expect(await stage.ended()).toMatchObject({ state: 'done' });
  expect(await (await modelyard.call('/v2/models/echo')).json()).toMatchObject({ versions: ['1'] });
});

test('a drained replica goes when a fresh one serves; no call fails', async () => {
  await using modelyard = await startHarness();
  const stage = new Stage(modelyard);
  await modelyard.deployEcho('echo', { slots: 4 });
  const replicas = async () =>
    ((await (await modelyard.call('/api/v1/deployments/echo')).json()) as { revisions: { replicas: { id: string; state: string }[] }[] }).revisions[0]?.replicas ?? [];
  const [old] = await replicas();
  stage.begin(3);
  expect((await modelyard.call('/api/v1/deployments/echo/drain', { body: { replica: 'rep_none' } })).status).toBe(404);
  expect((await modelyard.call('/api/v1/deployments/echo/drain', { body: { replica: old?.id } })).status).toBe(202);
  await expect.poll(async () => (await replicas()).map(({ id, state }) => [id === old?.id, state]), { timeout: 5_000 }).toEqual([[false, 'ready']]);
  await stage.end();
  expect(stage.failed).toBe(0);
});

test('a call that its deployment can not serve goes to the fallback, is metered there, and only while no byte was sent', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('main', { failEvery: 1 });
  await modelyard.deployEcho('spare');
  const patch = (body: unknown) => modelyard.call('/api/v1/deployments/main', { method: 'PATCH', body });
  const ask = (content = 'hi') => modelyard.call('/v1/chat/completions', { body: chatBody('main', content) });
  expect((await ask()).status).toBe(502);
  expect((await patch({ fallback: 'main' })).status).toBe(400);
  expect((await patch({ fallback: 'nobody' })).status).toBe(404);
  expect((await patch({ fallback: 'spare' })).status).toBe(200);
  expect((await ask()).status).toBe(200);
  expect((await usageOf(modelyard, 'spare', 1))[0]).toMatchObject({ deployment: 'spare', status: 'ok', attempts: 2 });
  // A fault of the caller's is the caller's, not an outage.
  expect((await modelyard.call('/v1/chat/completions', { body: { ...chatBody('main', 'x'), temperature: 9 } })).status).toBe(400);
  await patch({ fallback: null });
  expect((await ask()).status).toBe(502);
});

test('what a deployment has begun to answer, and not sent, is not in front of the answer of its fallback', async () => {
  await using modelyard = await startHarness();
  await using half = await fakeForeignUpstream(modelyard, 'half', async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"half":');
    await pause(50);
    response.destroy();
  });
  await modelyard.deployEcho('spare');
  await modelyard.call('/api/v1/deployments/half', { method: 'PATCH', body: { fallback: 'spare' } });
  const response = await modelyard.call('/v1/chat/completions', { body: chatBody('half', 'hi') });
  expect([response.status, ((await response.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content]).toEqual([200, 'hi']);
  expect(half.received.length).toBeGreaterThan(0);
});
