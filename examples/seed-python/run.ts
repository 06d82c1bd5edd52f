import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findServer } from '../lib/server.ts';
import { pythonWithKeras } from './venv.ts';

/** Runs the Python program with all that it needs: its packages, and a server. */
async function main(): Promise<void> {
  const python = await pythonWithKeras();
  await using server = await findServer();
  const venv = join(python, '../..');
  // What Keras and Python would write into the user's home and beside the sources.
  const written = { KERAS_HOME: join(venv, 'keras'), PYTHONPYCACHEPREFIX: join(venv, 'pycache') };
  const env = { ...process.env, MODELYARD_URL: server.url, MODELYARD_API_KEY: server.key, ...written };
  const [code] = await once(spawn(python, [join(import.meta.dirname, 'main.py')], { stdio: 'inherit', env }), 'exit');
  process.exitCode = code ?? 1;
}

await main();
