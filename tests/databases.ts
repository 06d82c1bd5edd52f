import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Db, openDatabase } from '../src/db/open.ts';
import { dropDatabase } from './postgres-server.ts';

/** An empty database of the newest schema, for one test. */
export interface TestDatabase extends AsyncDisposable {
  /** What `openDatabase` takes, for whoever opens it too. */
  readonly target: string;
  readonly db: Db;
}

/** What a suite runs on: `describe.each(DATABASES)('on %s', (_name, open) => …)`. */
export const DATABASES = [
  ['SQLite', openSqlite],
  ['PostgreSQL', openPostgres],
] as const;

export async function openSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'my-db-'));
  const target = join(folder, 'modelyard.db');
  const db = await openDatabase(target);
  return {
    target,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Gone when it is closed, so for one process; without a disk that is waited for. */
export async function openInMemory(): Promise<TestDatabase> {
  const db = await openDatabase(':memory:');
  return { target: ':memory:', db, [Symbol.asyncDispose]: () => db.destroy() };
}

export async function openPostgres(): Promise<TestDatabase> {
  const target = await makePostgres('/');
  const db = await openDatabase(target);
  return {
    target,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await dropDatabase(target);
    },
  };
}

/** A PostgreSQL database of its own, with the newest schema or without any table. Returns its URL; whoever made it drops it. */
export async function makePostgres(kind: '/' | '/empty'): Promise<string> {
  const response = await fetch(new URL(kind, inject('postgresAddress')));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
