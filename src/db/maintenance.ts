import { sql } from 'kysely';
import type { Db } from './open.ts';

/** Writes a consistent copy of the database, taken while it is in use, to a file that does not exist yet. */
export async function copyDatabase(db: Db, target: string): Promise<void> {
  await sql`VACUUM INTO ${target}`.execute(db);
}

/** Lets PostgreSQL look at what its tables hold, so that it plans well from the first query on. */
export async function analyse(db: Db): Promise<void> {
  await sql`ANALYZE`.execute(db);
}

/** What SQLite's own check finds wrong; empty when the file is whole. */
export async function integrityFaults(db: Db): Promise<string[]> {
  const { rows } = await sql<{ integrity_check: string }>`PRAGMA integrity_check`.execute(db);
  const broken = await sql<{ table: string }>`PRAGMA foreign_key_check`.execute(db);
  return [
    ...rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== 'ok'),
    ...broken.rows.map(({ table }) => `a row of ${table} refers to one that is not there`),
  ];
}
