import { sql } from 'kysely';
import { storableJson } from './json-rows.ts';
import type { Db, Tx } from './open.ts';

/** A page of rows that is copied has about so many characters, and at most so many rows. */
const PAGE_CHARACTERS = 1_000_000;
const PAGE_ROWS_MAX = 5_000;

export interface CopiedTable {
  readonly table: string;
  readonly rows: number;
}

/** Our tables of a SQLite database, in the order in which they were made: what is referred to comes first. */
export async function tablesOf(sqlite: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'kysely%' AND name NOT LIKE 'sqlite%' ORDER BY rowid`.execute(
    sqlite,
  );
  return rows.map(({ name }) => name);
}

/** Keeps all others from writing to tables of a PostgreSQL database until the transaction ends. Returns the tables that have rows; the heads of the book and of the audit log come with the schema. */
export async function claimTables(to: Tx, tables: readonly string[]): Promise<string[]> {
  await sql`LOCK TABLE ${sql.join(tables.map((table) => sql.table(table)))} IN EXCLUSIVE MODE`.execute(to);
  const used: string[] = [];
  for (const table of tables) {
    const beginning = table === 'ledger_head' || table === 'audit_head' ? sql` WHERE seq > 0` : sql``;
    const { rows } = await sql`SELECT 1 AS one FROM ${sql.table(table)}${beginning} LIMIT 1`.execute(to);
    if (rows.length > 0) used.push(table);
  }
  return used;
}

/** Copies a table of a SQLite database into the same of a PostgreSQL database, in the place of what is there. Returns how many rows that table then has. */
export async function copyTable(from: Db, to: Tx, table: string): Promise<number> {
  await sql`DELETE FROM ${sql.table(table)}`.execute(to);
  let limit = 1;
  for (let after = 0; ;) {
    const { rows } = await sql<
      Record<string, unknown> & { rowid: number }
    >`SELECT rowid AS rowid, * FROM ${sql.table(table)} WHERE rowid > ${after} ORDER BY rowid LIMIT ${limit}`.execute(from);
    const last = rows.at(-1);
    if (!last) break;
    const json = JSON.stringify(
      rows.map(({ rowid: _rowid, ...row }) => row),
      (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    );
    await sql`INSERT INTO ${sql.table(table)} SELECT * FROM json_populate_recordset(NULL::${sql.table(table)}, ${storableJson(json)}::json)`.execute(to);
    after = last.rowid;
    limit = Math.max(1, Math.min(PAGE_ROWS_MAX, limit * 2, Math.ceil((rows.length * PAGE_CHARACTERS) / json.length)));
  }
  return countRows(to, table);
}

export async function countRows(on: Db | Tx, table: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`SELECT COUNT(*) AS n FROM ${sql.table(table)}`.execute(on);
  return rows[0]?.n ?? 0;
}
