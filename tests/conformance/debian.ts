import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = join(import.meta.dirname, '../../.cache/debian');

/** A program of a Debian package: the machine's own, otherwise unpacked into the cache, which needs no rights. @throws when it can't be had */
export async function debianProgram(name: string, path: string): Promise<string> {
  for (const folder of ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']) if (existsSync(join(folder, name))) return join(folder, name);
  const unpacked = join(CACHE, name);
  if (!existsSync(join(unpacked, path))) await unpack(name, unpacked);
  return join(unpacked, path);
}

async function unpack(name: string, target: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  const download = () => run('apt-get', ['download', name], { cwd: work });
  try {
    // The lists may be missing; who may, fetches them.
    await download().catch(() => run('apt-get', ['update']).then(download));
    const file = readdirSync(work).find((one) => one.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get has downloaded no package ${name}`);
    await run('dpkg', ['-x', join(work, file), join(work, 'files')]);
    rmSync(target, { recursive: true, force: true });
    renameSync(join(work, 'files'), target);
  } catch (error) {
    throw new Error(`${name} is neither installed nor to be had of Debian's archive; install it: apt-get install ${name}`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
