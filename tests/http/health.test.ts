import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { dropDatabase } from '../postgres-server.ts';
import { makePostgres } from '../databases.ts';
import { FakeClock } from '../fake-clock.ts';
import { chatBody, echoManifest, type Harness, startHarness } from '../harness.ts';
import { readEvents, said, whileAdvancing } from './support.ts';

const CHAT = '/v1/chat/completions';
interface Health {
  readonly status: number;
  readonly body: { readonly ready?: boolean; readonly live?: boolean; readonly status?: string; readonly reasons?: readonly string[] };
}

const probe = async (modelyard: Harness, path: string): Promise<Health> => {
  const response = await modelyard.call(path, { key: null });
  return { status: response.status, body: (await response.json()) as Health['body'] };
};
const modelReady = async (modelyard: Harness, name: string) => (await modelyard.call(`/v2/models/${name}/ready`)).status;

test('S22: the readiness of a model, and of each of its versions, says nothing of another, nor of the server', async () => {
  await using modelyard = await startHarness();
  await modelyard.deployEcho('good');
  const { control, operator } = modelyard.running;
  await control.registry.publishManifest(operator, 'bad', echoManifest({ failStart: true }));
  await control.deployments.deploy(operator, { model: 'bad' });
  await control.registry.publishManifest(operator, 'good', echoManifest({ failStart: true }));
  await control.deployments.deploy(operator, { model: 'good' });
  const versions = async () => [await modelReady(modelyard, 'good'), await modelReady(modelyard, 'good/versions/1'), await modelReady(modelyard, 'good/versions/2')];
  await expect.poll(versions).toEqual([200, 200, 503]);
  expect(await modelReady(modelyard, 'bad')).toBe(503);
  expect((await probe(modelyard, '/ready')).body).toMatchObject({ ready: true, status: 'ready', reasons: [] });
  // All models are down: the server is not.
  await modelyard.call('/api/v1/deployments/good', { method: 'DELETE' });
  await expect.poll(() => modelReady(modelyard, 'good')).toBe(404);
  expect([(await probe(modelyard, '/live')).status, (await probe(modelyard, '/ready')).status]).toEqual([200, 200]);
});

test('S22: 400 probes write nothing to the database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'my-probes-'));
  const database = join(folder, 'home.db');
  // Time stands still: nothing but the probes goes on.
  const clock = new FakeClock();
  const modelyard = await startHarness({ database, clock });
  await whileAdvancing(clock, modelyard.deployEcho('echo'));
  const watcher = new DatabaseSync(database, { readOnly: true });
  /** Changes with every transaction that another connection has committed. */
  const version = () => watcher.prepare('PRAGMA data_version').get()?.['data_version'];
  const settled = async () => {
    for (let last = version(); ; last = version()) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (last === version()) return last;
    }
  };
  const before = await settled();
  for (let round = 0; round < 100; round++)
    for (const path of ['/live', '/ready', '/v2/health/ready', '/v2/models/echo/ready']) expect((await modelyard.call(path)).status).toBe(200);
  expect(await settled()).toBe(before);
  await modelyard.makeKey({ name: 'one', role: 'consumer' });
  expect(await settled()).not.toBe(before);
  watcher.close();
  await whileAdvancing(clock, modelyard.stop());
  rmSync(folder, { recursive: true });
});

/** A way to a database that can be cut. */
async function cuttable(target: string) {
  const to = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(to.port), to.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => (sockets.delete(one), other.destroy()));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as { port: number }).port);
  return {
    url: url.href,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend: () => void (isCut = false),
    close: () => void server.close(),
  };
}

test('S22: with the database away alone the server is degraded, 200: it serves on, and is ready again when it is back', { timeout: 90_000 }, async () => {
  const target = await makePostgres('/');
  const way = await cuttable(target);
  const clock = new FakeClock();
  const modelyard = await startHarness({ database: way.url, clock });
  await whileAdvancing(clock, modelyard.deployEcho('echo'));
  expect((await probe(modelyard, '/ready')).body.status).toBe('ready');
  const after = async (ms: number) => {
    await clock.advance(ms);
    return (await probe(modelyard, '/ready')).body;
  };
  way.cut();
  await expect.poll(() => after(1_000), { timeout: 30_000 }).toMatchObject({ ready: true, status: 'degraded', reasons: ['the database does not answer'] });
  expect((await probe(modelyard, '/ready')).status).toBe(200);
  expect((await probe(modelyard, '/live')).status).toBe(200);
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'x') })).status).toBe(200);
  way.mend();
  await expect.poll(() => after(250), { timeout: 30_000 }).toMatchObject({ status: 'ready', reasons: [] });
  await whileAdvancing(clock, modelyard.stop());
  way.close();
  await dropDatabase(target);
});

test('S23: a thread that is late for 5 s makes the server refuse, with Retry-After, all but the questions after its health, which are answered truly', async () => {
  const clock = new FakeClock();
  const modelyard = await startHarness({ clock });
  await whileAdvancing(clock, modelyard.deployEcho('echo'));
  /** The thread is held up `times` times for `ms` each, one after the other. */
  const heldUp = async (ms: number, times: number) => {
    for (let n = 0; n < times; n++) await clock.sleep(ms);
  };
  const chat = () => modelyard.call(CHAT, { body: chatBody('echo', 'x') });
  const stream = await modelyard.call(CHAT, { body: chatBody('echo', '[[delay-ms:200]] a b c', { stream: true }) });
  // Late, but not for long enough; then on time once. The first of them begins it.
  await heldUp(1_250, 4);
  await clock.advance(100);
  await heldUp(1_250, 4);
  expect([(await chat()).status, (await probe(modelyard, '/live')).status]).toEqual([200, 200]);
  await heldUp(1_250, 1);
  for (const [path, body] of [
    [CHAT, chatBody('echo', 'x')],
    ['/v2/models/echo/infer', {}],
    ['/api/v1/orgs', { name: 'more' }],
  ] as const) {
    const refused = await modelyard.call(path, { body });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')], path).toEqual([503, '5', 'close']);
    expect(await refused.text()).toContain(path.startsWith('/v2') ? 'more to do than it can' : '"overloaded"');
  }
  expect((await modelyard.call('/v1/models')).status).toBe(503);
  expect(await probe(modelyard, '/live')).toEqual({ status: 503, body: { live: false } });
  expect(await probe(modelyard, '/v2/health/live')).toMatchObject({ status: 503, body: { live: false } });
  expect(await probe(modelyard, '/ready')).toMatchObject({ status: 503, body: { status: 'unready', reasons: [expect.stringContaining('event loop')] } });
  expect((await probe(modelyard, '/v2/health/ready')).status).toBe(503);
  const metrics = await modelyard.call('/metrics');
  expect(metrics.status).toBe(200);
  expect(await metrics.text()).toContain('modelyard_calls_refused_total{gen_ai_operation_name="listener",kind="unavailable"} 4');
  // What was under way goes on to its end.
  const { frames, chunks } = readEvents(await stream.text());
  expect([said(chunks), frames.at(-1)]).toEqual(['a b c', 'data: [DONE]']);
  await clock.advance(100);
  expect([(await chat()).status, (await probe(modelyard, '/live')).status, (await probe(modelyard, '/ready')).status]).toEqual([200, 200, 200]);
  await whileAdvancing(clock, modelyard.stop());
});
