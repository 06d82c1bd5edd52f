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
import { upstreams } from './migrations/0011-upstreams.ts';
import { audit } from './migrations/0012-audit.ts';
import { strict } from './migrations/0013-strict.ts';
import { postgresDialect } from './postgres-dialect.ts';
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
  '0011-upstreams': upstreams,
  '0012-audit': audit,
  '0013-strict': strict,
};

/** A SQLite file, `:memory:` (for tests), or the URL of a PostgreSQL database. */
export type DatabaseTarget = string;

export function isPostgresUrl(target: DatabaseTarget): boolean {
  return /^postgres(ql)?:\/\//i.test(target);
}

/** Opens a database and brings it to the newest schema: a SQLite file in its own thread, PostgreSQL by a pool of connections. Of processes that open a new one together, one makes it. */
export async function openDatabase(target: DatabaseTarget): Promise<Db> {
  const db = connect(target);
  const { error } = await migratorOf(db).migrateToLatest();
  if (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Opens a database as it is. Returns also how many migrations it lacks. */
export async function openAsIs(target: DatabaseTarget): Promise<{ readonly db: Db; readonly missing: number }> {
  const db = connect(target);
  try {
    const migrations = await migratorOf(db).getMigrations();
    return { db, missing: migrations.filter(({ executedAt }) => executedAt === undefined).length };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

export function connect(target: DatabaseTarget): Db {
  return new Kysely<Schema>({ dialect: isPostgresUrl(target) ? postgresDialect(target) : sqliteDialect(target) });
}

function migratorOf(db: Db): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } });
}

/** So often a transaction is tried that PostgreSQL ends because it stood in another's way. */
const ATTEMPTS_MAX = 5;
/** PostgreSQL's codes for that: serialization_failure, deadlock_detected. SQLite has one writer at a time, and knows neither. */
const COLLISIONS: ReadonlySet<unknown> = new Set(['40001', '40P01']);

/**
 * Runs `work` in one transaction; the outer service opens it and passes it on as the first argument. On PostgreSQL it is READ COMMITTED: who decides by what
 * it has read locks it first (`lockHead` in the ledger), and `work` may run again.
 */
export async function transact<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !COLLISIONS.has((error as { readonly code?: unknown } | null)?.code)) throw error;
    }
  }
}
