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
