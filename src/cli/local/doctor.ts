import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { databaseName, openHomeDatabase } from '../../app/database.ts';
import { loadConfig } from '../../app/config.ts';
import { readEnvironment } from '../../app/env.ts';
import { homeFolder } from '../../app/home.ts';
import { readLock } from '../../app/lock.ts';
import { Fault } from '../../contract/errors.ts';
import { integrityFaults } from '../../db/maintenance.ts';
import { paint } from '../terminal.ts';

const run = promisify(execFile);
const FREE_BYTES_WANTED = 2e9;

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly note: string;
}

/** `modelyard doctor`: looks at what most often goes wrong. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine and a home')
    .option('--home <folder>', 'the home; otherwise MODELYARD_HOME, otherwise ~/.modelyard')
    .option('--json', 'print JSON for programs')
    .action(async (flags: { home?: string; json?: boolean }) => {
      const { home, databaseUrl } = loadConfig(flags, readEnvironment());
      const findings = [node(), ...(await Promise.all([pip(), npm(), disk(home), ...homeFindings(home, databaseUrl)]))];
      process.stdout.write(flags.json ? `${JSON.stringify(findings, null, 2)}\n` : `${findings.map(line).join('\n')}\n`);
      const wrong = findings.filter(({ ok }) => !ok).length;
      if (wrong > 0) throw new Fault('unavailable', 'unwell', `${wrong} of ${findings.length} checks found something.`);
    });
}

function line({ what, ok, note }: Finding): string {
  return `${ok ? paint('green', '✓') : paint('red', '✗')} ${what}: ${note}`;
}

function node(): Finding {
  return { what: 'Node.js', ok: Number(process.versions.node.split('.')[0]) >= 24, note: process.versions.node };
}

async function pip(): Promise<Finding> {
  return run('python3', ['-m', 'pip', '--version']).then(
    ({ stdout }) => ({ what: 'pip', ok: true, note: stdout.split(' ').slice(0, 2).join(' ') }),
    () => ({ what: 'pip', ok: false, note: 'not found; the starter models and pypi: sources need it (Debian: apt-get install python3-pip)' }),
  );
}

async function npm(): Promise<Finding> {
  return run('npm', ['--version']).then(
    ({ stdout }) => ({ what: 'npm', ok: true, note: stdout.trim() }),
    () => ({ what: 'npm', ok: false, note: 'not found; npm: sources and updates need it' }),
  );
}

async function disk(home: string): Promise<Finding> {
  const found = await statfs(home).catch(() => statfs('.'));
  const free = found.bavail * found.bsize;
  return { what: 'disk', ok: free > FREE_BYTES_WANTED, note: `${(free / 1e9).toFixed(1)} GB free` };
}

function homeFindings(home: string, databaseUrl: string | undefined): Promise<Finding>[] {
  return [writable(home), server(home), databaseUrl === undefined ? database(home) : databaseElsewhere(databaseUrl)];
}

async function writable(home: string): Promise<Finding> {
  return access(home, constants.W_OK).then(
    () => ({ what: 'home', ok: true, note: home }),
    (error: NodeJS.ErrnoException) => ({
      what: 'home',
      ok: error.code === 'ENOENT',
      note: error.code === 'ENOENT' ? `${home} will be made by "modelyard up"` : `${home} can not be written`,
    }),
  );
}

async function server(home: string): Promise<Finding> {
  const lock = await readLock(home);
  if (!lock) return { what: 'server', ok: true, note: 'not running' };
  const alive = await fetch(`${lock.address}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
  return { what: 'server', ok: alive, note: alive ? `ready on ${lock.address} (process ${lock.pid})` : `process ${lock.pid} does not answer on ${lock.address}` };
}

async function database(home: string): Promise<Finding> {
  const file = homeFolder(home).database;
  const there = await access(file).then(
    () => true,
    () => false,
  );
  if (!there) return { what: 'database', ok: true, note: 'not made yet' };
  const db = await openHomeDatabase(file);
  const faults = await integrityFaults(db);
  await db.destroy();
  return { what: 'database', ok: faults.length === 0, note: faults[0] ?? 'passed its integrity check' };
}

async function databaseElsewhere(url: string): Promise<Finding> {
  return openHomeDatabase(url).then(
    async (db) => {
      await db.destroy();
      return { what: 'database', ok: true, note: databaseName(url) };
    },
    (error: Error) => ({ what: 'database', ok: false, note: error.message }),
  );
}
