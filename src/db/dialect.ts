import { type DialectAdapter, PostgresAdapter, type RawBuilder, sql, type SqlBool } from 'kysely';

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

/** Whether a column holds one of these texts: one parameter, however many they are. */
export function isOneOf(on: On, column: string, texts: readonly string[]): RawBuilder<SqlBool> {
  if (isPostgres(on)) return sql<SqlBool>`${sql.ref(column)} = ANY(CAST(${texts} AS TEXT[]))`;
  return sql<SqlBool>`${sql.ref(column)} IN (SELECT value FROM json_each(${JSON.stringify(texts)}))`;
}

/** A table of a name and an amount a row, `name` and `amount`, as one parameter. */
export function amountTable(on: On, amounts: Iterable<readonly [name: string, amount: bigint]>): RawBuilder<unknown> {
  const json = JSON.stringify(Array.from(amounts, ([name, amount]) => [name, amount.toString()]));
  return isPostgres(on)
    ? sql`(SELECT value ->> 0 AS name, CAST(value ->> 1 AS BIGINT) AS amount FROM json_array_elements(CAST(${json} AS json)))`
    : sql`(SELECT value ->> '$[0]' AS name, CAST(value ->> '$[1]' AS INTEGER) AS amount FROM json_each(${json}))`;
}
