import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { makePostgres, openPostgres, openSqlite } from '../../tests/databases.ts';
import { dropDatabase } from '../../tests/postgres-server.ts';
import { openAsIs, openDatabase, transact } from './open.ts';

/** Where no database is yet. */
async function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'my-db-'));
  return { target: join(folder, 'modelyard.db'), drop: async () => rmSync(folder, { recursive: true }) };
}

async function newPostgres() {
  const target = await makePostgres('/empty');
  return { target, drop: () => dropDatabase(target) };
}

describe.each([
  ['SQLite', openSqlite, newFile],
  ['PostgreSQL', openPostgres, newPostgres],
] as const)('on %s', (_name, open, fresh) => {
  test('a transaction that throws leaves nothing behind', async () => {
    await using database = await open();
    const { db } = database;
    const row = { id: 'org_1', name: 'acme', created_at: 1 };
    await expect(
      transact(db, async (tx) => {
        await tx.insertInto('organisations').values(row).execute();
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await db.selectFrom('organisations').selectAll().execute()).toEqual([]);
    await transact(db, (tx) => tx.insertInto('organisations').values(row).execute());
    expect(await db.selectFrom('organisations').selectAll().execute()).toEqual([row]);
  });

  test('a broken statement is an error of that query alone', async () => {
    await using database = await open();
    const { db } = database;
    const row = { id: 'org_1', name: 'acme', created_at: 1 };
    await db.insertInto('organisations').values(row).execute();
    await expect(db.insertInto('organisations').values(row).execute()).rejects.toThrow(/unique/i);
    expect(await db.selectFrom('organisations').selectAll().execute()).toHaveLength(1);
  });

  test('of several that open a new database together, one makes it', async () => {
    const { target, drop } = await fresh();
    const opened = await Promise.all(Array.from({ length: 6 }, () => openDatabase(target)));
    for (const db of opened) {
      expect(await db.selectFrom('ledger_head').select('seq').execute()).toEqual([{ seq: 0 }]);
      await db.destroy();
    }
    const { db, missing } = await openAsIs(target);
    expect(missing).toBe(0);
    await db.destroy();
    await drop();
  });

  test('amounts are bigint, all other whole numbers are numbers and never inexact; truth is 0 or 1', async () => {
    await using database = await open();
    const { db } = database;
    const large = 9_007_199_254_740_993n;
    await db.insertInto('ledger_balances').values({ account: 'cash', balance_micros: large, is_guarded: 0 }).execute();
    const { rows } =
      await sql`SELECT balance_micros, COUNT(*) AS n, SUM(balance_micros) AS sum_micros, SUM(is_guarded) AS guarded, 1.5 AS half, is_guarded = 0 AS is_free, 0 AS no_amount, account FROM ledger_balances
      GROUP BY account, balance_micros, is_guarded`.execute(db);
    expect(rows).toEqual([{ balance_micros: large, n: 1, sum_micros: large, guarded: 0, half: 1.5, is_free: 1, no_amount: 0n, account: 'cash' }]);
    await expect(sql`SELECT balance_micros AS number FROM ledger_balances`.execute(db)).rejects.toThrow('column number holds 9007199254740993, which is beyond 2^53');
  });

  test('text is compared by code point, whatever the language of the server', async () => {
    await using database = await open();
    const { db } = database;
    const names = ['Zebra', 'a-b', 'aa', 'a', 'ä', '\u{10ffff}', 'a/b'];
    await db
      .insertInto('organisations')
      .values(names.map((name) => ({ id: name, name, created_at: 1 })))
      .execute();
    const rows = await db.selectFrom('organisations').select('name').where('name', '>=', 'a').where('name', '<', 'a\u{10ffff}').orderBy('name').execute();
    expect(rows.map(({ name }) => name)).toEqual(['a', 'a-b', 'a/b', 'aa']);
  });
});
