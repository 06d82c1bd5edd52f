import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Modelyard } from '@modelyard/sdk';

const MODELYARD = fileURLToPath(new URL('../../bin/modelyard.mjs', import.meta.url));

export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly client: Modelyard;
}

/** The server that MODELYARD_URL and MODELYARD_API_KEY name; where none is named, one of our own in a temporary home, which goes with the program. */
export async function findServer(): Promise<Server> {
  const { MODELYARD_URL: url, MODELYARD_API_KEY: key } = process.env;
  if (url && key) return { url, key, client: new Modelyard({ url, key }), [Symbol.asyncDispose]: () => Promise.resolve() };
  const home = await mkdtemp(join(tmpdir(), 'modelyard-example-'));
  const child = spawn(process.execPath, [MODELYARD, 'up', '--no-starters', '--port', '0', '--home', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('serves on')) break;
  child.stdout.resume();
  const login = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as { url: string; key: string };
  return {
    ...login,
    client: new Modelyard(login),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}
