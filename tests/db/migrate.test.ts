import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupHome } from '../../src/app/backup.ts';
import { databaseName, openHomeDatabase, parseDatabaseUrl } from '../../src/app/database.ts';
import { homeFolder, openHome } from '../../src/app/home.ts';
import { migrateHome } from '../../src/app/migrate.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Ledger } from '../../src/control-plane/ledger/index.ts';
import { splitOf } from '../../src/control-plane/ledger/model.ts';
import { type Db, openDatabase, transact } from '../../src/db/open.ts';
import { makePostgres } from '../databases.ts';
import { chatBody, startHarness } from '../harness.ts';
import { dropDatabase } from '../postgres-server.ts';

/** Entries of the book that is copied; `LEDGER_ENTRIES=100000` for M41's number. */
const ENTRIES = Number(process.env['LEDGER_ENTRIES'] ?? 3_000);
const LINES = 3;
const BATCH = 1_000;

let folder: string;
let home: string;
let url: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'my-migrate-'));
  home = join(folder, 'home');
  url = await makePostgres('/empty');
});
afterEach(async () => {
  await dropDatabase(url);
  rmSync(folder, { recursive: true, force: true });
});

/** A book of many organisations. */
async function fill(db: Db): Promise<void> {
  const ledger = new Ledger(db, systemClock);
  const orgs = Array.from({ length: 20 }, (_, index) => `org_${index}`);
  for (const orgId of orgs) {
    await ledger.credit({ id: `grant_${orgId}`, orgId, amountMicros: 9_007_199_254_740_993n, priority: 2, expiresAt: undefined, note: 'żółw 🐢 "\\u0000"', isPaid: true });
    await ledger.lease({ id: `lease_${orgId}`, orgId, gateway: 'g', epoch: 1, wantedMicros: 1_000_000_000n });
  }
  const charges = Array.from({ length: Math.ceil(ENTRIES / LINES) }, (_, index) => {
    const orgId = orgs[index % orgs.length] ?? '';
    return { id: `req_${index}`, orgId, lease: `lease_${orgId}`, split: splitOf(BigInt(10 + (index % 90)), `publisher_${index % 7}`, 7_777) };
  });
  for (let at = 0; at < charges.length; at += BATCH) await transact(db, (tx) => ledger.settle(tx, charges.slice(at, at + BATCH)));
}

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

test(`M41: a home with ${ENTRIES} entries goes to PostgreSQL: the same rows, balances and hash; a server goes on there with the same key, and the home is as it was`, async () => {
  const { database } = homeFolder(home);
  const before = await startHarness({ home, database });
  await before.deployEcho('echo');
  for (let call = 0; call < 3; call++) await (await before.call('/v1/chat/completions', { body: chatBody('echo', 'a b c') })).text();
  await before.stop();
  const from = await openDatabase(database);
  await fill(from);
  const source = new Ledger(from, systemClock);
  const [book, balances] = [await source.check(), await source.balances('')];
  await from.destroy();
  const digest = digestOf(database);

  const started = performance.now();
  const report = await migrateHome(home, url);
  if (process.env['LEDGER_ENTRIES']) process.stdout.write(`${ENTRIES} entries in ${Math.round(performance.now() - started)} ms\n`);
  const rows = Object.fromEntries(report.tables.map(({ table, rows: count }) => [table, count]));
  expect(rows).toMatchObject({ usage: 3, organisations: 1, ledger_head: 1, grants: 20, ledger_transactions: book.transactions });
  expect(rows['ledger_entries']).toBeGreaterThanOrEqual(ENTRIES);
  expect([report.headHash, report.transactions, report.accounts]).toEqual([book.headHash, book.transactions, balances.size]);
  expect(digestOf(database)).toBe(digest);

  const to = await openDatabase(url);
  const ledger = new Ledger(to, systemClock);
  expect(await ledger.check()).toEqual(book);
  expect(await ledger.balances('')).toEqual(balances);
  await to.destroy();
  await using again = await startHarness({ home, database: url });
  const key = before.key;
  expect((await again.call('/v1/chat/completions', { key, body: chatBody('echo', 'a b c') })).status).toBe(200);
  const { data } = (await (await again.call('/api/v1/usage', { key })).json()) as { data: { calls: number }[] };
  expect(data[0]?.calls).toBeGreaterThanOrEqual(3);
}, 300_000);

test('a home in use, one of an older version, a database that is not empty, and no home at all are refused', async () => {
  await expect(migrateHome(home, url)).rejects.toMatchObject({ code: 'empty_home' });
  const { release } = await openHome(home, 'http://somewhere');
  const db = await openDatabase(homeFolder(home).database);
  await fill(db);
  await expect(migrateHome(home, url)).rejects.toMatchObject({ code: 'home_locked' });
  await release();
  const [{ name }] = (await sql<{ name: string }>`DELETE FROM kysely_migration WHERE name = (SELECT MAX(name) FROM kysely_migration) RETURNING name`.execute(db)).rows as [
    { name: string },
  ];
  await expect(migrateHome(home, url)).rejects.toMatchObject({ code: 'home_outdated' });
  await sql`INSERT INTO kysely_migration (name, timestamp) VALUES (${name}, '2026-01-01T00:00:00.000Z')`.execute(db);
  await migrateHome(home, url);
  await expect(migrateHome(home, url)).rejects.toMatchObject({ code: 'database_not_empty', message: expect.stringContaining('grants') as unknown });
  await sql`UPDATE ledger_balances SET balance_micros = balance_micros + 1 WHERE account = 'cash'`.execute(db);
  const other = await makePostgres('/empty');
  await expect(migrateHome(home, other)).rejects.toMatchObject({ code: 'ledger_damaged' });
  const to = await openDatabase(other);
  expect(await to.selectFrom('grants').selectAll().execute()).toEqual([]);
  await to.destroy();
  await dropDatabase(other);
  await db.destroy();
}, 60_000);

test('a wrong URL is told without its password, and a backup of a home with PostgreSQL is refused', async () => {
  const SECRET = 'hunter2-hunter2';
  for (const text of [`mysql://me:${SECRET}@host/name`, `me:${SECRET}@host`, `postgres://me:${SECRET}@ho st/x`])
    expect(() => parseDatabaseUrl(text, 'DATABASE_URL')).toThrow(
      /^DATABASE_URL is not the URL of a PostgreSQL database; it must look like postgres:\/\/user:password@host:5432\/name\.$/,
    );
  const wrong = new URL(url);
  wrong.password = SECRET;
  const elsewhere = `postgres://me:${SECRET}@127.0.0.1:1/name?application_name=x`;
  for (const target of [elsewhere, wrong.href]) {
    const error = await openHomeDatabase(target).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      code: 'database_unreachable',
      message: expect.stringMatching(/can not be opened: (connect ECONNREFUSED|password authentication failed)/) as unknown,
    });
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(SECRET);
  }
  expect(databaseName(elsewhere)).toBe('postgres://me@127.0.0.1:1/name');
  await expect(backupHome(home, join(folder, 'backup'), elsewhere)).rejects.toMatchObject({
    message: expect.stringContaining('postgres://me@127.0.0.1:1/name: copy it with pg_dump') as unknown,
  });
});
