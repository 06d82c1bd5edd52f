import { Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial.ts';
import { events } from './migrations/0002-events.ts';
import { evaluations } from './migrations/0003-evaluations.ts';
import { evaluationRuns } from './migrations/0004-evaluation-runs.ts';
import { monitoring } from './migrations/0005-monitoring.ts';
import { costHours } from './migrations/0006-cost-hours.ts';
import { rollouts } from './migrations/0007-rollouts.ts';
import { leases } from './migrations/0008-leases.ts';
import { ledger } from './migrations/0009-ledger.ts';
import { market } from './migrations/0010-market.ts';
import type { Schema } from './schema.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

/** What a store works on: the database, or the transaction that its caller opened. */
export type Db = Kysely<Schema>;
export type Tx = Transaction<Schema>;

/** In one sequence; a name is never reused and never changes. */
const MIGRATIONS = {
  '0001-initial': initial,
  '0002-events': events,
  '0003-evaluations': evaluations,
  '0004-evaluation-runs': evaluationRuns,
  '0005-monitoring': monitoring,
  '0006-cost-hours': costHours,
  '0007-rollouts': rollouts,
  '0008-leases': leases,
  '0009-ledger': ledger,
  '0010-market': market,
};

/** Opens the SQLite file in its own thread and brings it to the newest schema. `:memory:` is for tests. */
export async function openDatabase(file: string): Promise<Db> {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(file) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
  const { error } = await migrator.migrateToLatest();
  if (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Runs `work` in one transaction; the outer service opens it and passes it on as the first argument. */
export function transact<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(work);
}
