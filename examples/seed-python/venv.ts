import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const VENV = join(import.meta.dirname, '../../.cache/venv-seed');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** The Python of a venv with what the program imports. Made once, and again when the requirements change. */
export async function pythonWithKeras(): Promise<string> {
  const python = join(VENV, 'bin', 'python');
  const wanted = createHash('sha256');
  for (const file of [REQUIREMENTS, join(import.meta.dirname, 'constraints.txt')]) wanted.update(await readFile(file));
  // Written last: an install that broke off has none, and is done again.
  const done = join(VENV, `.installed-${wanted.digest('hex').slice(0, 16)}`);
  if (existsSync(done)) return python;
  process.stderr.write('Installing Keras, JAX and tritonclient with pip into .cache/venv-seed (0.9 GB, about a minute) …\n');
  await rm(VENV, { recursive: true, force: true });
  await mkdir(join(VENV, '..'), { recursive: true });
  await run('python3', ['-c', 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Keras needs Python 3.11 or newer")']);
  await run('python3', ['-m', 'venv', VENV]);
  // Python compiles what it imports; pip would compile everything.
  await run(python, ['-m', 'pip', 'install', '--no-compile', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]);
  await writeFile(done, '');
  return python;
}

/** Runs a command that says itself what goes wrong. @throws Error when it fails */
async function run(command: string, args: readonly string[]): Promise<void> {
  const [code] = await once(spawn(command, args, { stdio: ['ignore', 2, 'inherit'] }), 'exit');
  if (code !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${code}`);
}
