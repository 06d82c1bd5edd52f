import type { Db } from '../../../db/open.ts';
import type { Schema } from '../../../db/schema.ts';
import { DurationHistogram } from '../../../telemetry/histogram.ts';
import { HOUR_SECONDS, MINUTE_SECONDS, type Rollup } from './model.ts';

/** So many rows go into one statement; SQLite takes 32,766 values. */
const ROWS_AT_ONCE = 500;

/** Everything but the key. */
const WRITTEN = [
  'org_id',
  'calls',
  'failed',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'duration',
  'first_byte',
  'waiting',
  'running',
  'replicas',
  'cpu_seconds',
  'memory_bytes',
  'restarts',
] as const satisfies readonly (keyof Schema['rollups'])[];

/** Rows that are there are replaced. */
export async function putRollups(db: Db, stepSeconds: number, rollups: readonly Rollup[]): Promise<void> {
  for (let at = 0; at < rollups.length; at += ROWS_AT_ONCE) {
    const rows = rollups.slice(at, at + ROWS_AT_ONCE).map((rollup) => rowOf(stepSeconds, rollup));
    await db
      .insertInto('rollups')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['step_seconds', 'deployment', 'start']).doUpdateSet(({ ref }) => Object.fromEntries(WRITTEN.map((column) => [column, ref(`excluded.${column}`)]))),
      )
      .execute();
  }
}

export interface RollupQuery {
  readonly stepSeconds: number;
  /** Of those that begin at `since` or later, and before `until`. */
  readonly since: number;
  readonly until: number;
  readonly orgId?: string | undefined;
  readonly deployment?: string | undefined;
}

/** Rows are fetched so many at a time: the thread that serves takes seven microseconds to read one, and gets its turn between pages. */
const PAGE_ROWS = 1_000;

/** In order of time, then of name. */
export async function listRollups(db: Db, query: RollupQuery, rowsMax: number): Promise<Rollup[]> {
  const rollups: Rollup[] = [];
  for (;;) {
    const page = await pageAfter(db, query, rollups.at(-1), Math.min(PAGE_ROWS, rowsMax - rollups.length));
    for (const row of page) rollups.push(rollupOf(row));
    if (page.length < PAGE_ROWS || rollups.length >= rowsMax) return rollups;
  }
}

function pageAfter(db: Db, { stepSeconds, since, until, orgId, deployment }: RollupQuery, last: Rollup | undefined, rowsMax: number): Promise<Schema['rollups'][]> {
  return db
    .selectFrom('rollups')
    .selectAll()
    .where('step_seconds', '=', stepSeconds)
    .where('start', '>=', last?.start ?? since)
    .where('start', '<', until)
    .$if(last !== undefined, (query) => query.where(({ or, eb }) => or([eb('start', '>', last?.start ?? 0), eb('deployment', '>', last?.deployment ?? '')])))
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(deployment !== undefined, (query) => query.where('deployment', '=', deployment ?? ''))
    .orderBy('start')
    .orderBy('deployment')
    .limit(rowsMax)
    .execute();
}

/** When the newest whole hour begins; undefined when there is none yet. */
export async function newestHour(db: Db): Promise<number | undefined> {
  const row = await db
    .selectFrom('rollups')
    .select(({ fn }) => fn.max('start').as('start'))
    .where('step_seconds', '=', HOUR_SECONDS)
    .executeTakeFirst();
  return row?.start ?? undefined;
}

/** When the first minute from `since` on begins. */
export async function firstMinute(db: Db, since: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('rollups')
    .select(({ fn }) => fn.min('start').as('start'))
    .where('step_seconds', '=', MINUTE_SECONDS)
    .where('start', '>=', since)
    .executeTakeFirst();
  return row?.start ?? undefined;
}

/** Which deployments have minutes in a time. */
export async function deploymentsWithMinutes(db: Db, since: number, until: number): Promise<string[]> {
  const rows = await db
    .selectFrom('rollups')
    .select('deployment')
    .distinct()
    .where('step_seconds', '=', MINUTE_SECONDS)
    .where('start', '>=', since)
    .where('start', '<', until)
    .execute();
  return rows.map(({ deployment }) => deployment);
}

/** Forgets those that began before `before`. */
export async function deleteRollups(db: Db, stepSeconds: number, before: number): Promise<void> {
  await db.deleteFrom('rollups').where('step_seconds', '=', stepSeconds).where('start', '<', before).execute();
}

function rowOf(stepSeconds: number, rollup: Rollup): Schema['rollups'] {
  return {
    step_seconds: stepSeconds,
    start: rollup.start,
    deployment: rollup.deployment,
    org_id: rollup.orgId,
    calls: rollup.calls,
    failed: rollup.failed,
    prompt_tokens: rollup.promptTokens,
    cached_tokens: rollup.cachedTokens,
    completion_tokens: rollup.completionTokens,
    duration: rollup.duration.toText(),
    first_byte: rollup.firstByte.toText(),
    waiting: rollup.waiting,
    running: rollup.running,
    replicas: rollup.replicas,
    cpu_seconds: rollup.cpuSeconds,
    memory_bytes: rollup.memoryBytes,
    restarts: rollup.restarts,
  };
}

function rollupOf(row: Schema['rollups']): Rollup {
  return {
    deployment: row.deployment,
    orgId: row.org_id,
    start: row.start,
    calls: row.calls,
    failed: row.failed,
    promptTokens: row.prompt_tokens,
    cachedTokens: row.cached_tokens,
    completionTokens: row.completion_tokens,
    duration: DurationHistogram.fromText(row.duration),
    firstByte: DurationHistogram.fromText(row.first_byte),
    waiting: row.waiting,
    running: row.running,
    replicas: row.replicas,
    memoryBytes: row.memory_bytes,
    cpuSeconds: row.cpu_seconds,
    restarts: row.restarts,
  };
}
