import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../../contract/errors.ts';
import { clientFault, type FetchOptions, onlyFile, runClient } from './client.ts';
import type { PackageSource } from './source.ts';

/** Downloads a package with npm, whose scripts do not run. Returns the path of the .tgz. The npm is the one on PATH: Node itself may have come without. */
export async function fetchTarball(source: PackageSource, options: FetchOptions): Promise<string> {
  const into = join(options.folder, 'tarball');
  await mkdir(into, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--pack-destination', into, `${source.name}@${source.version}`];
  const result = await runClient({ command: 'npm', args, source }, options);
  if (result.end === 'ok') return onlyFile(into, '.tgz', source);
  if (result.end === 'failed') throw clientFault(source, result.stderr);
  throw new Fault('unavailable', 'npm_missing', 'npm is missing: install it with Node.js from https://nodejs.org, or take the package from another source.');
}
