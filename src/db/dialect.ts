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

/** Texts for `IN`, as one parameter, however many they are. */
export function textList(on: On, texts: readonly string[]): RawBuilder<string> {
  const json = JSON.stringify(texts);
  return isPostgres(on) ? sql<string>`(SELECT json_array_elements_text(CAST(${json} AS json)))` : sql<string>`(SELECT value FROM json_each(${json}))`;
}

/** A table of a name and an amount a row, `name` and `amount`, as one parameter. */
export function amountTable(on: On, amounts: Iterable<readonly [name: string, amount: bigint]>): RawBuilder<unknown> {
  const json = JSON.stringify(Array.from(amounts, ([name, amount]) => [name, amount.toString()]));
  return isPostgres(on)
    ? sql`(SELECT value ->> 0 AS name, CAST(value ->> 1 AS BIGINT) AS amount FROM json_array_elements(CAST(${json} AS json)))`
    : sql`(SELECT value ->> '$[0]' AS name, CAST(value ->> '$[1]' AS INTEGER) AS amount FROM json_each(${json}))`;
}
