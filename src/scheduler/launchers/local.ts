import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.ts';
import type { EngineHealth, EngineSpec } from '../../contract/engine-wire.ts';
import { processUsage } from './process-usage.ts';
import type { Launched, Launcher, LaunchOrder } from '../ports.ts';
import { childEnvironment, watchChild, watchLife } from './child.ts';
import { LogBuffer } from './log-buffer.ts';

const ENGINE_MAIN = fileURLToPath(new URL('../../engines/main.ts', import.meta.url));
const HEALTH_EVERY_MS = 50;
const HEALTH_TIMEOUT_MS = 5_000;
/** A main thread that computes nothing always answers (S19). */
const SILENT_SECONDS = 10;
const LOAD_TIMEOUT_MS = 600_000;
/** 22 characters, of the hundred that a unix path holds. */
const SOCKET_NAME_BYTES = 16;

export interface LocalLauncherOptions {
  readonly clock: Clock;
  /** Engine logs go here, a file a deployment. */
  readonly logFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Engines as child processes on unix sockets in a private folder. A unix path holds about 100 characters, so it is a short one. */
export function createLocalLauncher({ clock, logFolder, environment }: LocalLauncherOptions): Launcher {
  const socketFolder = mkdtempSync(join(tmpdir(), 'modelyard-'));
  const logs = new Map<string, LogBuffer>();
  const children = new Set<ChildProcess>();
  const env = childEnvironment(environment);

  return {
    launch(order) {
      const buffer = logs.get(order.deployment) ?? new LogBuffer(logFolder, order.deployment);
      logs.set(order.deployment, buffer);
      // Not by the replica, whose name is known outside.
      const socket = join(socketFolder, randomBytes(SOCKET_NAME_BYTES).toString('base64url'));
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ENGINE_MAIN], { env, stdio: ['pipe', 'pipe', 'pipe'] });
      children.add(child);
      return follow(child, { order, socket, buffer, clock, done: () => children.delete(child) });
    },
    logs: (deployment, linesMax) => logs.get(deployment)?.tail(linesMax) ?? [],
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([...children].map((child) => once(child, 'exit')));
      rmSync(socketFolder, { recursive: true, force: true });
    },
  };
}

interface Followed {
  readonly order: LaunchOrder;
  readonly socket: string;
  readonly buffer: LogBuffer;
  readonly clock: Clock;
  done(): void;
}

function follow(child: ChildProcess, { order, socket, buffer, clock, done }: Followed): Launched {
  const watched = watchChild(child, { buffer, clock, name: 'the engine', secrets: [dirname(socket), basename(socket)], kill: (signal) => child.kill(signal), done });
  const spec: EngineSpec = { ...order.engine, listen: { socket } };
  child.stdin?.on('error', () => undefined); // a child that ended early is told by `exited`
  child.stdin?.write(`${JSON.stringify(spec)}\n`);
  const ready = becomesReady(socket, clock, watched.ended);
  // One that does not become ready is told by `ready`.
  const answers = () =>
    healthOf(socket).then(
      () => true,
      () => false,
    );
  ready.then(() => watchLife(watched, { clock, silentSeconds: SILENT_SECONDS, what: 'its main thread', answers })).catch(() => undefined);
  return {
    address: { socket },
    ...(child.pid !== undefined && { pid: child.pid }),
    ready,
    exited: watched.exited,
    usage: () => processUsage(child.pid),
    stop: (graceMs) => watched.stop(graceMs),
  };
}

async function becomesReady(socket: string, clock: Clock, ended: AbortSignal): Promise<{ slots: number }> {
  const giveUpAt = clock.monotonic() + LOAD_TIMEOUT_MS;
  while (!ended.aborted) {
    const health = await healthOf(socket).catch(() => undefined);
    if (health?.status === 'ready') return { slots: health.slots };
    if (clock.monotonic() > giveUpAt) throw new Error(`the engine was not ready within ${LOAD_TIMEOUT_MS / 1000} s`);
    await clock.after(HEALTH_EVERY_MS);
  }
  throw new Error('the engine ended before it was ready');
}

function healthOf(socketPath: string): Promise<EngineHealth> {
  return new Promise((resolve, reject) => {
    const probe = request({ socketPath, path: '/health', timeout: HEALTH_TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        try {
          resolve(JSON.parse(text) as EngineHealth);
        } catch (error) {
          reject(error);
        }
      });
    });
    probe.once('error', reject).once('timeout', () => probe.destroy(new Error('health timed out')));
    probe.end();
  });
}
