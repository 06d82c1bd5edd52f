import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openPostgres } from '../../tests/databases.ts';
import { connect, transact } from './open.ts';

test('a PostgreSQL connection that breaks in the middle of a transaction, while nothing is asked, fails that transaction only', async () => {
  await using database = await openPostgres();
  const { db } = database;
  const pidOf = sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`;
  const broken = transact(db, async (tx) => {
    const { rows } = await pidOf.execute(tx);
    await sql`SELECT pg_terminate_backend(${rows[0]?.pid})`.execute(db);
    const stillThere = async () => (await sql<{ n: number }>`SELECT COUNT(*) AS n FROM pg_stat_activity WHERE pid = ${rows[0]?.pid}`.execute(db)).rows[0]?.n;
    await expect.poll(stillThere).toBe(0);
    await pidOf.execute(tx);
  });
  await expect(broken).rejects.toThrow(/terminat|connection/i);
  expect((await pidOf.execute(db)).rows).toHaveLength(1);
});

test('M23: when the database thread has ended, each query is told so, also the next one', async () => {
  const db = connect(join(import.meta.dirname, 'no', 'such', 'folder', 'modelyard.db'));
  for (let times = 0; times < 4; times++) await expect(sql`SELECT 1`.execute(db)).rejects.toThrow(/open|ended/);
  await db.destroy();
}, 5_000);
