import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** A migration of statements that are written for SQLite; PostgreSQL gets them translated. */
export function inStatements(statements: readonly string[]): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const all = isPostgres(db) ? statements.flatMap(forPostgres) : statements;
      for (const statement of all) await sql.raw(statement).execute(db);
    },
  };
}

/** A trigger that refuses a change, always or when something holds of the row: the only kind that we have. */
const REFUSAL = /^CREATE TRIGGER (\w+) BEFORE (UPDATE|DELETE) ON (\w+)(?: WHEN (.+))? BEGIN SELECT RAISE\(ABORT, '([^'%]+)'\); END$/;

/** The same for PostgreSQL: SQLite's INTEGER has 64 bits, its text is compared by code point, and what a trigger does is a function there. */
function forPostgres(statement: string): string[] {
  if (!statement.startsWith('CREATE TRIGGER')) return [statement.replaceAll(/\bINTEGER\b/g, 'BIGINT').replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')];
  const [, name, verb, table, condition, message] = REFUSAL.exec(statement) ?? [];
  if (name === undefined) throw new Error(`a trigger that has no form for PostgreSQL: ${statement}`);
  return [
    `CREATE FUNCTION ${name}_at_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${message}'; END $$`,
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF ${condition ?? 'TRUE'} THEN RAISE EXCEPTION '${message}'; END IF; RETURN OLD; END $$`,
    `CREATE TRIGGER ${name} BEFORE ${verb} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
    // What SQLite has not: a table emptied at once.
    ...(verb === 'DELETE' ? [`CREATE TRIGGER ${name}_at_all BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${name}_at_all()`] : []),
  ];
}
