import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createLocalLauncher } from '../../src/scheduler/launchers/local.ts';
import type { Launched } from '../../src/scheduler/ports.ts';
import { echoManifest } from '../harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'modelyard-hang-'));
const launcher = createLocalLauncher({ clock: systemClock, logFolder: folder, environment: process.env });
afterEach(async () => {
  await launcher.close();
  rmSync(folder, { recursive: true, force: true });
});

function ask({ address }: Launched, content: string): Promise<string> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] });
    const socketPath = 'socket' in address ? address.socket : '';
    const call = request({ socketPath, path: '/v1/chat/completions', method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
    });
    call.once('error', ({ message }) => resolve(message));
    call.end(body);
  });
}

test('S19: a real engine whose main thread is silent is ended within seconds; one that computes for long and answers is not', async () => {
  const manifest = echoManifest();
  const launch = (replica: string) => launcher.launch({ replica, deployment: replica, engine: { kind: 'echo', manifest, files: {}, threads: 1 } });
  const [frozen, busy] = [launch('frozen'), launch('busy')];
  await Promise.all([frozen.ready, busy.ready]);
  const long = ask(busy, '[[delay-ms:5000]] a b c d');
  const stuck = ask(frozen, '[[freeze]]');
  expect((await frozen.exited).reason).toBe('the engine was ended: its main thread was silent for 10 s');
  expect(await stuck).toContain('socket hang up');
  expect(await long).toBe('200');
}, 60_000);
