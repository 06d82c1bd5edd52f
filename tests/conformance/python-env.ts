import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VENV = join(import.meta.dirname, '../../.cache/venv');
/** Unmodified third-party clients, pinned. */
const PACKAGES = ['openai==2.54.0', 'tritonclient[http]==2.73.0', 'numpy==2.4.6', 'opentelemetry-proto==1.45.2', 'ml-dtypes==0.5.4'];
const DONE = join(VENV, `.installed-${PACKAGES.join('_').replaceAll(/[^\w.]/g, '-')}`);

/** The Python of a venv with the clients, made once. */
async function python(): Promise<string> {
  const executable = join(VENV, 'bin', 'python');
  if (existsSync(DONE)) return executable;
  await mkdir(join(VENV, '..'), { recursive: true });
  await run('python3', ['-m', 'venv', VENV]);
  await run(executable, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], { maxBuffer: 1e8 });
  await writeFile(DONE, '');
  return executable;
}

/** Runs a script against a server; returns what it prints as JSON. Its own assertions end it with an error. */
export async function runPython(script: string, { url, key }: { readonly url: string; readonly key: string }, ...args: readonly string[]): Promise<unknown> {
  const file = join(import.meta.dirname, 'python', script);
  const { stdout } = await run(await python(), [file, ...args], { env: { PATH: process.env['PATH'], MODELYARD_URL: url, MODELYARD_KEY: key } });
  return JSON.parse(stdout);
}

/** Starts a script that goes on until its standard input ends. */
export async function startPython(script: string): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  return spawn(await python(), [join(import.meta.dirname, 'python', script)], { stdio: ['pipe', 'pipe', 'inherit'] });
}
