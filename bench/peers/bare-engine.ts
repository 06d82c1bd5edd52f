import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineHealth, EngineSpec } from '../../src/contract/engine-wire.ts';

const ENGINE_MAIN = fileURLToPath(new URL('../../src/engines/main.ts', import.meta.url));
const POLL_MS = 5;
const READY_MS_MAX = 120_000;

export interface EngineCall {
  readonly path: string;
  readonly body: string;
}

/** The engine's process as a launcher starts it, but by hand: fork, load, one call as soon as it is ready. Milliseconds from the fork to the whole answer. */
export async function forkLoadRun(engine: Omit<EngineSpec, 'listen'>, { path, body }: EngineCall, cpus: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-bare-'));
  const socketPath = join(folder, 'e.sock');
  const began = performance.now();
  const child = spawn('taskset', ['-c', cpus, process.execPath, '--disable-warning=ExperimentalWarning', ENGINE_MAIN], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    child.stdin.write(`${JSON.stringify({ ...engine, listen: { socket: socketPath } } satisfies EngineSpec)}\n`);
    while (!(await isReady(socketPath))) {
      if (child.exitCode !== null || performance.now() - began > READY_MS_MAX) throw new Error('the bare engine did not become ready');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const { status, text } = await send(socketPath, 'POST', path, body);
    if (status !== 200) throw new Error(`the bare engine answered ${status}: ${text}`);
    return performance.now() - began;
  } finally {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isReady(socketPath: string): Promise<boolean> {
  const health = await send(socketPath, 'GET', '/health').catch(() => undefined);
  return health?.status === 200 && (JSON.parse(health.text) as EngineHealth).status === 'ready';
}

function send(socketPath: string, method: 'GET' | 'POST', path: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
