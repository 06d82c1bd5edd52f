import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { Fault } from '../../../contract/errors.ts';
import { diskFull } from '../errors.ts';
import type { PackageSource } from './source.ts';

/** A registry's own client may take this long for one package. */
const CLIENT_MS_MAX = 3_600_000;
const PROGRESS_EVERY_MS = 500;
/** What is kept of a client's complaints: the end. */
const STDERR_CHARS_MAX = 65_536;
/** Our own settings are not the clients' business; everything else (mirrors, proxies, credentials) is how they were set up. */
const OURS = /^MODELYARD_/;

export interface FetchOptions {
  /** An empty folder of ours: the archive, and all that the client needs meanwhile. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  report(progress: string): void;
}

interface ClientRun {
  readonly command: string;
  readonly args: readonly string[];
  /** Clients download into temporary files first; these are seen, counted and removed with the rest. */
  readonly source: PackageSource;
}

/** `missing`: there is no such program. */
type ClientEnd = { readonly end: 'ok' } | { readonly end: 'missing' } | { readonly end: 'failed'; readonly stderr: string };

/** Runs a package client, no shell, in `folder/tmp`; reports how many bytes have come. @throws Fault when it takes too long; the signal's reason when aborted */
export async function runClient({ command, args, source }: ClientRun, options: FetchOptions): Promise<ClientEnd> {
  const { folder, clock = systemClock, signal } = options;
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  signal?.throwIfAborted();
  const env = { ...Object.fromEntries(Object.entries(options.environment).filter(([name]) => !OURS.test(name))), TMPDIR: temporary, TEMP: temporary, TMP: temporary, LC_ALL: 'C' };
  options.report(`asking for ${source.text}`);
  const child = spawn(command, args, { cwd: temporary, env, stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
  const ended = new AbortController();
  const kill = () => child.kill('SIGKILL');
  const cancelTimeout = clock.timer(CLIENT_MS_MAX, () => {
    ended.abort(new Fault('deadline_exceeded', 'pull_timed_out', `${source.text} did not come within ${CLIENT_MS_MAX / 60_000} minutes.`));
    kill();
  });
  signal?.addEventListener('abort', kill);
  const watching = watch(folder, source, options, ended.signal);
  try {
    const result = await outcome(child);
    signal?.throwIfAborted();
    ended.signal.throwIfAborted();
    return result;
  } finally {
    cancelTimeout();
    signal?.removeEventListener('abort', kill);
    ended.abort();
    await watching;
  }
}

function outcome(child: ChildProcess): Promise<ClientEnd> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-STDERR_CHARS_MAX)));
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve({ end: 'missing' }) : reject(error)));
    child.on('close', (code) => resolve(code === 0 ? { end: 'ok' } : { end: 'failed', stderr }));
  });
}

async function watch(folder: string, source: PackageSource, { clock = systemClock, report }: FetchOptions, ended: AbortSignal): Promise<void> {
  let before = 0;
  const ticks = async () =>
    clock.after(PROGRESS_EVERY_MS, ended).then(
      () => true,
      () => false,
    );
  while (await ticks()) {
    const bytes = await bytesIn(folder);
    if (bytes <= before) continue;
    before = bytes;
    report(`downloading ${source.text} (${(bytes / 1_000_000).toFixed(1)} MB)`);
  }
}

/** Of the largest file: clients copy what they have downloaded. Files vanish while they are counted; a rough number will do. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0),
  );
  return Math.max(0, ...sizes);
}

const DISK_FULL = /No space left on device|\bENOSPC\b|\[Errno 28\]/;
const UNREACHABLE =
  /NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError|SSLError|Max retries exceeded|Connection refused|Temporary failure in name resolution|connection broken|\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|E50\d)\b/;
const NOT_FOUND = /No matching distribution found|\bE404\b|\bETARGET\b|No matching version found/;

/** What a client's complaint means, in one sentence. */
export function clientFault(source: PackageSource, stderr: string): Fault {
  if (DISK_FULL.test(stderr)) return diskFull();
  const registry = source.ecosystem === 'pypi' ? 'Python package index' : 'npm registry';
  if (UNREACHABLE.test(stderr))
    return new Fault('unavailable', 'registry_unreachable', `The ${registry} is out of reach; check the network, proxy or mirror settings of this machine.`, { cause: stderr });
  if (NOT_FOUND.test(stderr)) {
    const forThis = source.ecosystem === 'pypi' ? ' as a wheel for this machine' : '';
    return new Fault('not_found', 'package_not_found', `The ${registry} has no ${source.name} ${source.version}${forThis}.`, { cause: stderr });
  }
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(ERROR|npm error|npm ERR!)/i.test(line) && !/complete log|debug-0\.log/i.test(line));
  const last = (lines.at(-1) ?? stderr.trim().split('\n').at(-1) ?? '').slice(0, 200);
  return new Fault('unavailable', 'package_client_failed', `${source.text} could not be downloaded: ${last || 'the package client said nothing'}`, { cause: stderr });
}

/** The one file that the client left. */
export async function onlyFile(folder: string, ending: string, source: PackageSource): Promise<string> {
  const found = (await readdir(folder)).filter((name) => name.endsWith(ending));
  const [name] = found;
  if (name === undefined || found.length > 1)
    throw new Fault('unavailable', 'package_client_failed', `${source.text} could not be downloaded: ${found.length} files came instead of one.`);
  return join(folder, name);
}
