import { access, constants, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../contract/errors.ts';

/** The version of the home folder's layout. A newer one is refused; an older one will be migrated. */
const FORMAT = 1;

export interface HomeFolder {
  readonly path: string;
  readonly database: string;
  readonly blobs: string;
  readonly usageLog: string;
  readonly logs: string;
  readonly credentials: string;
}

export function homeFolder(path: string): HomeFolder {
  return {
    path,
    database: join(path, 'modelyard.db'),
    blobs: join(path, 'blobs'),
    usageLog: join(path, 'gateways', 'main', 'usage'),
    logs: join(path, 'logs'),
    credentials: join(path, 'credentials.json'),
  };
}

/** Makes or checks the home and takes its lock. The returned function gives the lock back. */
export async function openHome(path: string, address: string): Promise<{ readonly folder: HomeFolder; release(): Promise<void> }> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.W_OK);
    await checkFormat(path);
  } catch (error) {
    throw homeFault(error, path);
  }
  const release = await lock(join(path, 'lock.json'), address);
  return { folder: homeFolder(path), release };
}

async function checkFormat(path: string): Promise<void> {
  const file = join(path, 'format');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await writeFile(file, `${FORMAT}\n`, { mode: 0o600 });
    return;
  }
  if (Number(text) !== FORMAT) {
    throw new Fault(
      'conflict',
      'home_format',
      `The home ${path} has format ${text.trim()}; this version of Modelyard knows format ${FORMAT}. Use the version that made it, or another home.`,
    );
  }
}

interface Lock {
  readonly pid: number;
  readonly address: string;
}

/** A lock that a dead process left is taken over; a live one's holder is named. */
async function lock(file: string, address: string): Promise<() => Promise<void>> {
  const holder = await readLock(file);
  if (holder && isAlive(holder.pid)) {
    throw new Fault(
      'conflict',
      'home_locked',
      `Modelyard is already running on this home: process ${holder.pid}, ${holder.address}. Stop it first or choose another home with --home.`,
    );
  }
  if (holder) await rm(file, { force: true });
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(JSON.stringify({ pid: process.pid, address } satisfies Lock));
    await handle.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new Fault('conflict', 'home_locked', 'Another Modelyard is starting on this home just now.');
    throw homeFault(error, file);
  }
  return () => rm(file, { force: true });
}

export async function readLock(file: string): Promise<Lock | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Lock;
  } catch {
    return undefined;
  }
}

/** Corrects the address in a lock that is held, once the port is known. */
export async function updateLock(home: string, address: string): Promise<void> {
  const file = join(home, 'lock.json');
  await writeFile(`${file}.new`, JSON.stringify({ pid: process.pid, address } satisfies Lock), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function homeFault(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new Fault('permission_denied', 'home_not_writable', `The home ${path} can not be written by this user; choose another with --home or MODELYARD_HOME.`);
  if (code === 'ENOSPC') return new Fault('insufficient_storage', 'disk_full', `There is no room on the disk of ${path}; free some or choose another home with --home.`);
  if (code === 'ENOTDIR' || code === 'EEXIST') return new Fault('conflict', 'home_not_a_folder', `${path} is not a folder; choose another home with --home.`);
  return error;
}

/** Writes the CLI's own login: `{url, key}`, mode 0600, whole or not at all. */
export async function writeCredentials(file: string, credentials: { readonly url: string; readonly key: string }): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export async function readCredentials(file: string): Promise<{ readonly url: string; readonly key: string } | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as { url: string; key: string };
  } catch {
    return undefined;
  }
}
