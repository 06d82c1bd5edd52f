import { CompiledQuery } from 'kysely';
import { isPostgres } from './dialect.ts';
import type { Tx } from './open.ts';
import type { Schema } from './schema.ts';

/** Rows as the text of a JSON list of lists, and what the places of an inner list mean. */
export interface JsonRows {
  readonly fields: readonly string[];
  /** The text, or its bytes. */
  readonly json: string | Buffer;
}

export interface JsonRowsTarget<Table extends keyof Schema> {
  readonly table: Table;
  /** Rows whose key is there already are left alone; undefined: such a row is an error. */
  readonly key: (keyof Schema[Table] & string) | undefined;
  /** The field that each column holds: as text, number or 0/1, or `{ json }` for an inner object that is kept as JSON text. */
  readonly columns: Readonly<Record<keyof Schema[Table] & string, string | { readonly json: string }>>;
}

/**
 * Inserts rows by one statement with one parameter, however many they are: building and binding a value per column and row costs the
 * thread that serves more than all else about metering. The text is put together here, because Kysely would take a quarter of a
 * millisecond for it, each time.
 */
export async function insertJsonRows<Table extends keyof Schema>(on: Tx, target: JsonRowsTarget<Table>, { fields, json }: JsonRows): Promise<void> {
  await on.executeQuery(isPostgres(on) ? CompiledQuery.raw(postgresText(target, fields), [storableJson(json.toString())]) : CompiledQuery.raw(sqliteText(target, fields), [json]));
}

/**
 * `jsonb_each`: from its rows a value is fetched without the text being parsed anew (a third of `json_each`'s time), and from a list
 * faster than by name. Bytes would be taken for JSONB but for the CAST. The WHERE tells ON CONFLICT from a join's ON.
 */
function sqliteText<Table extends keyof Schema>(target: JsonRowsTarget<Table>, fields: readonly string[]): string {
  const { table, columns } = target;
  const entries = Object.entries<string | { readonly json: string }>(columns);
  const names = entries.map(([column]) => `"${column}"`).join();
  const values = entries.map(([, field]) => (typeof field === 'string' ? `value ->> '$[${placeOf(field, fields)}]'` : `value -> '$[${placeOf(field.json, fields)}]'`)).join();
  return `INSERT INTO "${table}" (${names}) SELECT ${values} FROM jsonb_each(CAST(? AS TEXT)) WHERE true${onConflict(target)}`;
}

/**
 * The columns' types are the table's own: `json_populate_record` reads them. `json`, not `jsonb`, which would write an inner object anew, in an order of its own.
 */
function postgresText<Table extends keyof Schema>(target: JsonRowsTarget<Table>, fields: readonly string[]): string {
  const { table, columns } = target;
  const entries = Object.entries<string | { readonly json: string }>(columns);
  const names = entries.map(([column]) => `"${column}"`).join();
  const values = entries.map(
    ([column, field]) => `'${column}', ${typeof field === 'string' ? plainJson(placeOf(field, fields)) : `(value -> ${placeOf(field.json, fields)})::text`}`,
  );
  return `INSERT INTO "${table}" (${names}) SELECT ${entries.map(([column]) => `r."${column}"`).join()} FROM json_array_elements($1::json),
    json_populate_record(NULL::"${table}", json_build_object(${values.join()})) AS r${onConflict(target)}`;
}

/** A value as it is, but booleans as 0 and 1. */
function plainJson(place: number): string {
  return `CASE json_typeof(value -> ${place}) WHEN 'boolean' THEN to_json((value ->> ${place})::boolean::int) ELSE value -> ${place} END`;
}

function onConflict<Table extends keyof Schema>({ key }: JsonRowsTarget<Table>): string {
  return key === undefined ? '' : ` ON CONFLICT ("${key}") DO NOTHING`;
}

function placeOf(field: string, fields: readonly string[]): number {
  const place = fields.indexOf(field);
  if (place < 0) throw new Error(`rows without the field ${field}; they have ${fields.join(', ')}`);
  return place;
}

/** PostgreSQL's text holds neither NUL nor half of a surrogate pair; JSON text writes both as escapes. */
export function storableJson(json: string): string {
  if (!json.includes('\\u')) return json;
  return json.replaceAll(/\\(?:\\|u0000|u[dD][89a-fA-F][\da-fA-F]{2})/g, (escape) => (escape === '\\\\' ? escape : '\ufffd'));
}
