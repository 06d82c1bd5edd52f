import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { openSqlite } from '../databases.ts';
import { startHarness } from '../harness.ts';
import { get } from '../market.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly [more: string]: unknown;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Body {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly schema: Schema;
}

/** All bodies of the control API, as its own document describes them. */
function bodiesOf({ paths }: Document): readonly Body[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      return schema && path.startsWith('/api/') ? [{ route: `${method} ${path}`, method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'x'), schema }] : [];
    }),
  );
}

/** Places in a body where a field that the schema does not name would be let in. */
function openPlaces(schema: unknown, place: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((part) => openPlaces(part, place));
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, additionalProperties, properties, ...more } = schema as Schema;
  const own = type === 'object' && additionalProperties !== false ? [place] : [];
  const inner = Object.entries(properties ?? {}).flatMap(([name, part]) => openPlaces(part, place === '' ? name : `${place}.${name}`));
  return [...own, ...inner, ...Object.values(more).flatMap((part) => openPlaces(part, place))];
}

/** Parts of a model's own manifest: they describe the model, no column is made of them, and their digest is the model's. */
const OF_A_MANIFEST = /^(engineOptions|entries|pipeline(\..+)?|engine\.signature(\..+)?)$/;

/** Requests under way at once. */
const AT_ONCE = 16;
const camel = (column: string): string => column.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

test('X11: no body of the API lets in a field that its schema does not name, at any depth', async () => {
  await using modelyard = await startHarness();
  const bodies = bodiesOf(await get<Document>(modelyard, '/openapi.json'));
  expect(bodies.length).toBeGreaterThan(30);
  for (const { route, schema } of bodies)
    expect(
      openPlaces(schema, '').filter((place) => !OF_A_MANIFEST.test(place)),
      route,
    ).toEqual([]);
});

test('X11: every column’s name, added to every body, is refused by name, and nothing in the database changes', async () => {
  await using database = await openSqlite();
  await using modelyard = await startHarness({ database: database.target });
  await modelyard.deployEcho('echo');
  const db = await openDatabase(database.target);
  const tables = await db.introspection.getTables();
  const columns = new Set(tables.flatMap((table) => table.columns.map(({ name }) => name)));
  const names = [...new Set([...columns, ...[...columns].map(camel), 'role', 'operator', 'isAdmin', '__proto__', 'constructor', 'prototype'])];
  expect(names.length).toBeGreaterThan(150);
  /** All that the API writes, but what goes on by itself and the audit log, which has each refusal. */
  const passing = /^(kysely|sqlite|audit|gateway|leases|rollups|cost_|usage|feed)/;
  const dump = async () =>
    JSON.stringify(
      await Promise.all(
        tables
          .filter(({ name }) => !passing.test(name))
          .map(async ({ name }) => [
            name,
            await db
              .selectFrom(name as 'keys')
              .selectAll()
              .execute(),
          ]),
      ),
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
  // What the deployment has done is written a moment later.
  await expect.poll(dump).toContain('"state":"ready","reason":"loaded');
  const before = await dump();
  const wanted = bodiesOf(await get<Document>(modelyard, '/openapi.json')).flatMap((body) =>
    names.filter((name) => !Object.hasOwn(body.schema.properties ?? {}, name)).map((name) => ({ ...body, name })),
  );
  const letIn: string[] = [];
  const next = wanted.values();
  const work = async () => {
    for (const { route, method, path, name } of next) {
      const response = await modelyard.call(path, { method, body: `{${JSON.stringify(name)}:1}` });
      const text = await response.text();
      if (response.status !== 400 || !text.includes('unknown_parameter') || !text.includes(name)) letIn.push(`${route} ${name}: ${response.status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(letIn.slice(0, 10)).toEqual([]);
  expect(await dump()).toBe(before);
  await db.destroy();
}, 120_000);
