import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openDatabase, transact } from './open.ts';

test('a transaction that throws leaves nothing behind', async () => {
  const db = await openDatabase(':memory:');
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
  await db.destroy();
});

test('a broken statement is an error of that query alone', async () => {
  const db = await openDatabase(':memory:');
  const row = { id: 'org_1', name: 'acme', created_at: 1 };
  await db.insertInto('organisations').values(row).execute();
  await expect(db.insertInto('organisations').values(row).execute()).rejects.toThrow('UNIQUE');
  expect(await db.selectFrom('organisations').selectAll().execute()).toHaveLength(1);
  await db.destroy();
});

test('a database that was made before a migration of a lower number came gets that one too', async () => {
  const file = join(tmpdir(), `my-unordered-${process.pid}.db`);
  const before = await openDatabase(file);
  for (const table of ['alert_rules', 'alerts', 'webhook_deliveries', 'rollups', 'slos']) await sql.raw(`DROP TABLE ${table}`).execute(before);
  await sql`DELETE FROM kysely_migration WHERE name = '0005-monitoring'`.execute(before);
  await before.destroy();
  const after = await openDatabase(file);
  expect(await after.selectFrom('alert_rules').selectAll().execute()).toEqual([]);
  await after.destroy();
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
});
