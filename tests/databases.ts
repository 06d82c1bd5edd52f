import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { type Db, openDatabase } from '../src/db/open.ts';

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

export async function openPostgres(): Promise<TestDatabase> {
  const { target, drop } = await emptyPostgres();
  const db = await openDatabase(target);
  return {
    target,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await drop();
    },
  };
}

/** A PostgreSQL database of its own without any table. */
export async function emptyPostgres(): Promise<{ readonly target: string; drop(): Promise<void> }> {
  const response = await fetch(inject('postgresAddress'));
  const url = await response.text();
  if (!response.ok) throw new Error(url);
  const name = `modelyard_test_${randomBytes(6).toString('hex')}`;
  await administer(url, `CREATE DATABASE ${name}`);
  const target = new URL(url);
  target.pathname = name;
  return { target: target.href, drop: () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`) };
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
