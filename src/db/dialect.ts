import { type DialectAdapter, PostgresAdapter, type RawBuilder, sql } from 'kysely';

/** A database or a transaction, of any schema. */
interface On {
  getExecutor(): { readonly adapter: DialectAdapter };
}

/** Whether it is PostgreSQL; otherwise it is SQLite. */
export function isPostgres(on: On): boolean {
  return on.getExecutor().adapter instanceof PostgresAdapter;
}

/** A number inside the JSON object that a text column holds; NULL where there is none. */
export function jsonNumber(on: On, column: string, field: string): RawBuilder<number | null> {
  if (isPostgres(on)) return sql<number | null>`CAST(CAST(${sql.ref(column)} AS json) ->> ${sql.lit(field)} AS double precision)`;
  return sql<number | null>`${sql.ref(column)} ->> ${sql.lit(`$.${field}`)}`;
}
