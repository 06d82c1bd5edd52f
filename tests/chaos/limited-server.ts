import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import START from '../../bin/node-start.json' with { type: 'json' };

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface LimitedServer extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
  alive(): boolean;
  stop(): Promise<number | null>;
}

/** A real `modelyard up` behind a command that limits it (`prlimit`, `unshare`); waits for `/live` only. */
export async function startLimited(command: readonly string[], home: string, port: number): Promise<LimitedServer> {
  const whole = [...command, process.execPath];
  const child = spawn(whole[0] ?? '', [...whole.slice(1), ...START.flags, MAIN, 'up', '--no-starters', '--home', home, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...START.environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const alive = () => child.exitCode === null && child.signalCode === null;
  for (const until = Date.now() + 30_000; ;) {
    if (!alive() || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start: ${output}`);
    }
    if ((await fetch(`${url}/live`).catch(() => undefined))?.status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    if (!alive()) return child.exitCode;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await exited)[0];
  };
  return { url, child, output: () => output, alive, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
