import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.ts';
import type { EngineHealth, EngineSpec } from '../../contract/engine-wire.ts';
import { processUsage } from './process-usage.ts';
import type { ExitInfo, Launched, Launcher, LaunchOrder } from '../ports.ts';
import { LogBuffer } from './log-buffer.ts';

const ENGINE_MAIN = fileURLToPath(new URL('../../engines/main.ts', import.meta.url));
/** All that a child sees of our environment: no secret is among it. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES', 'MODELYARD_ECHO_TRUTH'];
const HEALTH_EVERY_MS = 50;
const HEALTH_TIMEOUT_MS = 5_000;
const LOAD_TIMEOUT_MS = 600_000;

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
  const env: Record<string, string> = {};
  for (const name of ENVIRONMENT) {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  }

  return {
    launch(order) {
      const buffer = logs.get(order.deployment) ?? new LogBuffer(logFolder, order.deployment);
      logs.set(order.deployment, buffer);
      const socket = join(socketFolder, `${order.replica.slice(-8)}.sock`);
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
  let lastLine = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lastLine = line;
      buffer.add(line);
    });
  }
  const spec: EngineSpec = { ...order.engine, listen: { socket } };
  child.stdin?.on('error', () => undefined); // a child that ended early is told by `exited`
  child.stdin?.write(`${JSON.stringify(spec)}\n`);
  const ended = new AbortController();
  const exited = new Promise<ExitInfo>((resolve) => {
    const end = (reason: string) => {
      done();
      ended.abort();
      resolve({ reason });
    };
    child.once('error', (error) => end(`the engine could not be started: ${error.message}`));
    // `close`, not `exit`: by then its last words have been read.
    child.once('close', (code, signal) => end(exitReason(code, signal, lastLine)));
  });
  return {
    address: { socket },
    ...(child.pid !== undefined && { pid: child.pid }),
    ready: becomesReady(socket, clock, ended.signal),
    exited,
    usage: () => processUsage(child.pid),
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const cancel = clock.timer(graceMs, () => child.kill('SIGKILL'));
      await exited;
      cancel();
    },
  };
}

function exitReason(code: number | null, signal: NodeJS.Signals | null, lastLine: string): string {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  return `the engine ended with ${how}${lastLine && code !== 0 ? `: ${messageIn(lastLine)}` : ''}`;
}

/** Engines report a failed load as one JSON line. */
function messageIn(line: string): string {
  try {
    const { message } = JSON.parse(line) as { message?: unknown };
    return typeof message === 'string' ? message : line;
  } catch {
    return line.slice(0, 300);
  }
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
