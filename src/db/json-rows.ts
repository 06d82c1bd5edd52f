import { sql } from 'kysely';
import type { Tx } from './open.ts';
import type { Schema } from './schema.ts';

/** Where a column's value is found in a row's JSON: a field as text, number or 0/1, or an inner object kept as JSON text. */
export type JsonColumn = string | { readonly json: string };

/**
 * Inserts the objects of a JSON list by one statement with one parameter, however many they are: building and binding a value per
 * column and row costs the thread that serves more than all else about metering. Rows whose `key` is there already are left alone.
 */
export async function insertJsonRows<Table extends keyof Schema>(
  on: Tx,
  { table, key, columns }: { readonly table: Table; readonly key: keyof Schema[Table] & string; readonly columns: Readonly<Record<keyof Schema[Table] & string, JsonColumn>> },
  rows: string,
): Promise<void> {
  const entries = Object.entries<JsonColumn>(columns);
  const names = sql.join(entries.map(([column]) => sql.ref(column)));
  const values = sql.join(entries.map(([, field]) => (typeof field === 'string' ? sql`value ->> ${sql.lit(`$.${field}`)}` : sql`value -> ${sql.lit(`$.${field.json}`)}`)));
  // `jsonb_each`: from its rows a field is fetched without the text being parsed anew. The WHERE tells ON CONFLICT from a join.
  await sql`INSERT INTO ${sql.table(table)} (${names}) SELECT ${values} FROM jsonb_each(${rows}) WHERE true ON CONFLICT (${sql.ref(key)}) DO NOTHING`.execute(on);
}
