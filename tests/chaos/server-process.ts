import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import START from '../../bin/node-start.json' with { type: 'json' };

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY_TIMEOUT_MS = 30_000;

/** A real `modelyard up` in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has written so far. */
  output(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ServerProcessOptions {
  /** The deployments that are waited for. */
  readonly models?: readonly string[];
  /** Flags that say what kind of server it is. */
  readonly role?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a server on a home and waits until deployments are ready. */
export async function startServer(home: string, port: number, key: string, { models = ['echo'], role = [], environment = {} }: ServerProcessOptions = {}): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...START.flags, MAIN, 'up', '--no-starters', '--home', home, '--port', String(port), ...role], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...START.environment, ...environment },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended: ${output}`);
    if ((await Promise.all(models.map((model) => modelReady(url, key, model)))).every(Boolean)) break;
    if (Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the server was not ready: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const kill = async (signal: NodeJS.Signals) => {
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  };
  return {
    url,
    child,
    output: () => output,
    kill,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
    },
  };
}

async function modelReady(url: string, key: string, model: string): Promise<boolean> {
  const response = await fetch(`${url}/v2/models/${encodeURIComponent(model)}/ready`, { headers: { authorization: `Bearer ${key}` } }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status === 200;
}
