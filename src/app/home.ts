import { access, constants, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, invalid } from '../contract/errors.ts';
import { takeLock } from './lock.ts';

/** The version of the home folder's layout. A newer one is refused; an older one will be migrated. */
const FORMAT = 1;
/** The gateway that a server has in itself. */
const MAIN_GATEWAY = 'main';

export interface HomeFolder {
  readonly path: string;
  readonly database: string;
  readonly blobs: string;
  readonly usageLog: string;
  readonly logs: string;
  /** The operator's login, written at the first boot. */
  readonly credentials: string;
  /** The home's own secret: webhooks' secrets are made of it. */
  readonly signingKey: string;
  /** Archives of the audit log, and its newest head. */
  readonly audit: string;
  /** There once the starter models were set up: what an operator removes later stays removed. */
  readonly startersDone: string;
  /** The operator's own file; it need not be there. */
  readonly configFile: string;
}

/** What one gateway has to itself: its usage log and its copy of the feeds. The server's own is "main". */
export interface GatewayFolder {
  readonly name: string;
  readonly path: string;
  readonly usageLog: string;
  readonly feeds: string;
}

function gatewayFolder(home: string, name: string): GatewayFolder {
  const path = join(home, 'gateways', name);
  return { name, path, usageLog: join(path, 'usage'), feeds: join(path, 'feeds.json') };
}

export function homeFolder(path: string): HomeFolder {
  return {
    path,
    database: join(path, 'modelyard.db'),
    blobs: join(path, 'blobs'),
    usageLog: gatewayFolder(path, MAIN_GATEWAY).usageLog,
    logs: join(path, 'logs'),
    credentials: join(path, 'credentials.json'),
    signingKey: join(path, 'signing.key'),
    audit: join(path, 'audit'),
    startersDone: join(path, 'starters-done'),
    configFile: join(path, 'modelyard.yaml'),
  };
}

/** The head of the audit log as it was last known, in the folder of its archives. */
export function anchorFile(auditFolder: string): string {
  return join(auditFolder, 'head.json');
}

/** Makes or checks the home and takes its lock. The returned function gives the lock back. */
export async function openHome(path: string, address: string): Promise<{ readonly folder: HomeFolder; release(): Promise<void> }> {
  try {
    await makeFolders(path);
    await access(path, constants.W_OK);
    await checkFormat(path);
  } catch (error) {
    throw homeFault(error, path);
  }
  return { folder: homeFolder(path), release: await takeLock(path, address) };
}

/** Makes or checks a gateway's own folder in a home and takes its lock; the home itself may be in use by a server. The returned function gives the lock back. */
export async function openGateway(home: string, name: string, address: string): Promise<{ readonly folder: GatewayFolder; release(): Promise<void> }> {
  if (!GATEWAY_NAME.test(name) || name === MAIN_GATEWAY)
    throw invalid(`"${name}" is no name for a gateway: lower-case letters, digits and "-", at most 40, and not "${MAIN_GATEWAY}", which is the server's own.`, '--name');
  const folder = gatewayFolder(home, name);
  try {
    await makeFolders(folder.path);
    await access(folder.path, constants.W_OK);
    await checkFormat(home);
  } catch (error) {
    throw homeFault(error, folder.path);
  }
  return { folder, release: await takeLock(folder.path, address, { what: `The gateway "${name}" of this home is already running`, instead: 'choose another name with --name' }) };
}

const GATEWAY_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;

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

/** Makes the missing folders one by one: a recursive mkdir never ends in some special file systems. */
async function makeFolders(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) return;
  if (there) throw Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' });
  if (dirname(path) !== path) await makeFolders(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

function homeFault(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT')
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
