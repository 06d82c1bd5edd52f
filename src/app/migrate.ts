import { access } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { Ledger } from '../control-plane/ledger/index.ts';
import { claimTables, type CopiedTable, copyTable, countRows, tablesOf } from '../db/copy.ts';
import { analyse } from '../db/maintenance.ts';
import { type Db, openAsIs, transact, type Tx } from '../db/open.ts';
import { databaseName, openHomeDatabase } from './database.ts';
import { homeFolder } from './home.ts';
import { takeLock } from './lock.ts';

/** What was copied, each line of it compared. */
export interface MigrationReport {
  readonly database: string;
  readonly tables: readonly CopiedTable[];
  /** Transactions of the book, and the newest one's hash. */
  readonly transactions: number;
  readonly headHash: string;
  /** Accounts, all of which hold the same. */
  readonly accounts: number;
}

/**
 * Copies the database file of a home that nobody uses into a PostgreSQL database that is empty: all of it or nothing, in one transaction. The home stays as it is.
 * @throws Fault when the home is in use, its file is of another version, the other database is not empty, or anything is not the same in both
 */
export async function migrateHome(home: string, url: string): Promise<MigrationReport> {
  const { database } = homeFolder(home);
  await access(database).catch(() => {
    throw new Fault('not_found', 'empty_home', `There is no database of a Modelyard home in ${home}.`);
  });
  const release = await takeLock(home, 'being migrated');
  try {
    const { db: from, missing } = await openAsIs(database);
    try {
      if (missing > 0) throw new Fault('conflict', 'home_outdated', `The database of ${home} was made by an older version: start this version on it once, then migrate.`);
      return await copyInto(from, url);
    } finally {
      await from.destroy();
    }
  } finally {
    await release();
  }
}

async function copyInto(from: Db, url: string): Promise<MigrationReport> {
  const tables = await tablesOf(from);
  const to = await openHomeDatabase(url);
  try {
    const report = await transact(to, async (tx) => {
      const used = await claimTables(tx, tables);
      if (used.length > 0)
        throw new Fault('conflict', 'database_not_empty', `The database ${databaseName(url)} is not empty: there are rows in ${used.join(', ')}. Give a new one.`);
      const copied: CopiedTable[] = [];
      for (const table of tables) copied.push({ table, rows: await copyTable(from, tx, table) });
      return { database: databaseName(url), tables: copied, ...(await compare(from, tx, copied)) };
    });
    await analyse(to);
    return report;
  } finally {
    await to.destroy();
  }
}

async function compare(from: Db, to: Tx, copied: readonly CopiedTable[]): Promise<Pick<MigrationReport, 'transactions' | 'headHash' | 'accounts'>> {
  for (const { table, rows } of copied) {
    const expected = await countRows(from, table);
    if (rows !== expected) throw differs(`${table} has ${expected} rows, ${rows} were copied`);
  }
  const source = new Ledger(from, systemClock);
  const [before, after] = [await source.check(), await source.checkIn(to)];
  const [fault] = before.faults;
  if (fault !== undefined) throw new Fault('conflict', 'ledger_damaged', `The book of this home has a fault already: ${fault}. See "modelyard ledger check".`);
  if (after.faults[0] !== undefined) throw differs(after.faults[0]);
  if (before.headHash !== after.headHash || before.transactions !== after.transactions) throw differs(`the book ends with ${before.headHash}, its copy with ${after.headHash}`);
  const [balances, copies] = [await source.balances(''), await source.balancesIn(to, '')];
  for (const [account, balance] of balances) if (copies.get(account) !== balance) throw differs(`${account} holds ${balance}, its copy ${copies.get(account) ?? 'nothing'}`);
  return { transactions: after.transactions, headHash: after.headHash, accounts: copies.size };
}

const differs = (what: string) => new Fault('internal', 'copy_differs', `The copy is not the same, so nothing of it stays: ${what}.`);
