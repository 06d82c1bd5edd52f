import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { echoManifest } from '../../../tests/harness.ts';
import { systemClock } from '../../base/clock.ts';
import type { Launched, Launcher } from '../ports.ts';
import { createLocalLauncher } from './local.ts';

let logFolder: string;
let launcher: Launcher;
beforeEach(() => {
  logFolder = mkdtempSync(join(tmpdir(), 'my-launch-'));
  launcher = createLocalLauncher({ clock: systemClock, logFolder, environment: { PATH: process.env['PATH'], SECRET: 'of the server' } });
});
afterEach(async () => {
  await launcher.close();
  rmSync(logFolder, { recursive: true, force: true });
});

const launch = (replica: string): Launched =>
  launcher.launch({ replica, deployment: 'echo', engine: { kind: 'echo', manifest: echoManifest(), files: {}, threads: 1 } } as unknown as Parameters<Launcher['launch']>[0]);
const socketOf = ({ address }: Launched): string => ('socket' in address ? address.socket : '');

const statusOf = (socketPath: string) =>
  new Promise<number>((resolve, reject) => {
    request({ socketPath, path: '/health' }, (response) => resolve(response.resume().statusCode ?? 0))
      .once('error', reject)
      .end();
  });

test('X33, X34: an engine is on a unix socket of a name that nobody can guess, in a folder that is its user’s alone', async () => {
  const replica = 'replica_0123456789abcdefghjkmnpqr';
  const [one, other] = [launch(replica), launch(replica)];
  await Promise.all([one.ready, other.ready]);
  const [path, second] = [socketOf(one), socketOf(other)];
  expect(await statusOf(path)).toBe(200);
  expect(statSync(path).isSocket()).toBe(true);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(path))).toHaveLength(2);
  // 128 random bits, none of them the replica's own name, which is known outside; and short enough for every system.
  for (const name of [path, second].map((text) => text.slice(dirname(text).length + 1))) {
    expect(name).toMatch(/^[\w-]{22}$/);
    expect(replica).not.toContain(name.slice(0, 8));
  }
  expect(second).not.toBe(path);
  expect(readFileSync(`/proc/${one.pid}/environ`, 'utf8')).not.toContain('of the server');
});

test('X34: why an engine did not start is told without the way to its socket', async () => {
  const first = launch('replica_1');
  await first.ready;
  const folder = dirname(socketOf(first));
  await first.stop(1_000);
  // A child that can't listen says where.
  rmSync(folder, { recursive: true });
  const failing = launch('replica_2');
  failing.ready.catch(() => undefined);
  const { reason } = await failing.exited;
  const told = [reason, ...launcher.logs('echo', 100)].join('\n');
  expect(told).toContain('[hidden]');
  expect(told).not.toContain(folder);
  expect(told).not.toContain(socketOf(failing).slice(folder.length + 1));
});

test('X33: what comes over an engine’s socket is read as JSON, numbers and text, never as code or objects', () => {
  const root = join(import.meta.dirname, '..', '..');
  const files = ['engines', 'data-plane/dispatch', 'data-plane/dialects', 'scheduler/launchers', 'contract'].flatMap((folder) => globSync(join(root, folder, '**', '*.ts')));
  expect(files.length).toBeGreaterThan(50);
  const loads = files.filter((file) => !file.endsWith('.test.ts') && /\beval\(|new Function\b|\bdeserialize\(|\brequire\(|runIn\w*Context\(/.test(readFileSync(file, 'utf8')));
  // It asks V8 for its own collector, by a word of ours.
  expect(loads.map((file) => file.slice(root.length + 1))).toEqual(['engines/tensor-thread/collector.ts']);
});
