import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { echoManifest } from './echo-harness.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(spec: unknown): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env: {}, stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin?.write(`${typeof spec === 'string' ? spec : JSON.stringify(spec)}\n`);
  return child;
}

const echoSpec = (): unknown => ({ kind: 'echo', manifest: echoManifest('chat'), files: {}, listen: { socket: join(folder, 's') }, threads: 1 });

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
  const outgoing = request({ socketPath: join(folder, 's'), method, path, agent: false });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
  return { status: response.statusCode, body: await text(response) };
}

const ready = (): Promise<void> => expect.poll(async () => (await call('GET', '/health').catch(() => ({ status: 0 }))).status, { timeout: 10_000 }).toBe(200);

test('a child serves on its unix socket and ends itself when its standard input ends', async () => {
  const child = start(echoSpec());
  const exit = once(child, 'exit');
  await ready();
  const answer = await call('POST', '/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'over the socket' }] });
  expect(JSON.parse(answer.body)).toMatchObject({ choices: [{ message: { content: 'over the socket' } }] });
  child.stdin?.end();
  expect(await exit).toEqual([0, null]);
});

test('SIGTERM lets the running call finish, then ends with 0', async () => {
  const child = start(echoSpec());
  const exit = once(child, 'exit');
  await ready();
  const running = call('POST', '/v1/chat/completions', { model: 'm', messages: [{ role: 'user', content: 'a b c [[delay-ms:50]]' }] });
  await expect.poll(async () => (await call('GET', '/health')).body).toContain('"running":1');
  child.kill('SIGTERM');
  expect((await running).status).toBe(200);
  expect(await exit).toEqual([0, null]);
});

test('a load failure is one JSON line on standard error and exit code 1', async () => {
  const child = start({ kind: 'nothing', manifest: echoManifest('chat'), files: {}, listen: { socket: join(folder, 's') }, threads: 1 });
  const [[code], errors] = await Promise.all([once(child, 'exit'), text(child.stderr as NodeJS.ReadableStream)]);
  expect(code).toBe(1);
  expect(JSON.parse(errors)).toMatchObject({ level: 'error', code: 'unknown_engine', message: expect.any(String) });
});

test('[[crash]] kills the child and nothing else', async () => {
  const child = start(echoSpec());
  const exit = once(child, 'exit');
  await ready();
  await call('POST', '/v1/completions', { model: 'm', prompt: '[[crash]]' }).catch(() => undefined);
  expect((await exit)[1]).toBe('SIGABRT');
});
