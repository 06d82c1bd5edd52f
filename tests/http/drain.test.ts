import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { homeFolder } from '../../src/app/home.ts';
import { chatBody, startHarness } from '../harness.ts';
import { readEvents, said, usageOf } from './support.ts';

const CHAT = '/v1/chat/completions';

test('S12: a stopping server is unready at once, serves on for its delay, ends every stream, then refuses', async () => {
  const modelyard = await startHarness({ config: { drainDelayMs: 300 } });
  await modelyard.deployEcho('echo');
  const streams = await Promise.all(Array.from({ length: 5 }, () => modelyard.call(CHAT, { body: chatBody('echo', '[[delay-ms:80]] a b c d e f g h', { stream: true }) })));
  const stopped = modelyard.stop();
  const ready = await modelyard.call('/ready', { key: null });
  expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'draining']);
  expect((await modelyard.call('/v2/health/ready', { key: null })).status).toBe(503);
  expect((await modelyard.call('/live', { key: null })).status).toBe(200);
  expect((await modelyard.call(CHAT, { body: chatBody('echo', 'new') })).status).toBe(200);
  for (const stream of streams) {
    const { frames, chunks } = readEvents(await stream.text());
    expect(said(chunks)).toBe('a b c d e f g h');
    expect(frames.at(-1)).toBe('data: [DONE]');
  }
  await stopped;
  await expect(modelyard.call('/live')).rejects.toThrow('fetch failed');
});

test('S12: a client that keeps its connection open does not hold up the stop', async () => {
  const modelyard = await startHarness({ config: { drainMs: 10_000 } });
  await modelyard.deployEcho('echo');
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify(chatBody('echo', '[[delay-ms:100]] a b c'));
  const status = new Promise<number | undefined>((resolve, reject) => {
    request(modelyard.url + CHAT, { method: 'POST', agent, headers: { authorization: `Bearer ${modelyard.key}`, 'content-type': 'application/json' } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end(body);
  });
  await expect.poll(async () => (await (await modelyard.call('/metrics')).text()).includes('modelyard_calls_running{deployment="echo"} 1')).toBe(true);
  const began = performance.now();
  await modelyard.stop();
  expect(await status).toBe(200);
  expect(performance.now() - began).toBeLessThan(3_000);
  agent.destroy();
});

test('M22: 100 calls right before a stop: after it and a restart there are exactly 100 rows', async () => {
  const home = mkdtempSync(join(tmpdir(), 'my-m22-'));
  const { database } = homeFolder(home);
  const first = await startHarness({ home, database });
  await first.deployEcho('echo', { slots: 100 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => first.call(CHAT, { body: chatBody('echo', 'x') })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const { key } = await first.makeKey({ name: 'reader', role: 'operator' });
  await first.stop();
  const second = await startHarness({ home, database });
  const rows = await usageOf({ ...second, call: (path, options) => second.call(path, { ...options, key }) }, 'echo', 100);
  expect(new Set(rows.map(({ requestId }) => requestId))).toEqual(new Set(answers.map(({ headers }) => headers.get('x-request-id'))));
  await second.stop();
  rmSync(home, { recursive: true });
});
