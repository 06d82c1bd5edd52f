import { sql } from 'kysely';
import type { UsageRecord } from '../../contract/usage.ts';
import { isOneOf, jsonNumber } from '../../db/dialect.ts';
import { insertJsonRows, type JsonRows } from '../../db/json-rows.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Grouping, UsageQuery, UsageSum, UsageWork, WorkSplit } from './model.ts';

type On = Db | Tx;

/** Each column and the field of `UsageRecord` that it holds. */
const COLUMNS = {
  request_id: 'requestId',
  started_at: 'startedAt',
  org_id: 'orgId',
  key_id: 'keyId',
  deployment: 'deployment',
  revision: 'revision',
  model: 'model',
  version: 'version',
  operation: 'operation',
  status: 'status',
  http_status: 'httpStatus',
  prompt_tokens: 'promptTokens',
  cached_tokens: 'cachedTokens',
  completion_tokens: 'completionTokens',
  tensor_rows: 'rows',
  request_bytes: 'requestBytes',
  response_bytes: 'responseBytes',
  estimated: 'estimated',
  attempts: 'attempts',
  duration_ms: 'durationMs',
  stages: { json: 'stages' },
  subscription: 'subscription',
  price_version: 'priceVersion',
  lease: 'lease',
} as const satisfies Record<string, keyof UsageRecord | { readonly json: keyof UsageRecord }>;

/** `rows`: the fields of `UsageRecord`. Those whose id is known are left as they are. */
export function insertRecords(on: Tx, rows: JsonRows): Promise<void> {
  return insertJsonRows(on, { table: 'usage', key: 'request_id', columns: COLUMNS }, rows);
}

/** Those of these calls that ended well, or brought a token or a row, or were left with a part of their answer sent: what `quantitiesOf` finds something to charge for. */
export async function listCharged(on: Db, requestIds: readonly string[]): Promise<string[]> {
  const rows = await on
    .selectFrom('usage')
    .select('request_id')
    .where('request_id', 'in', requestIds)
    .where((eb) =>
      eb.or([eb('status', '=', 'ok'), eb('completion_tokens', '>', 0), eb('tensor_rows', '>', 0), eb.and([eb('status', '=', 'cancelled'), eb('prompt_tokens', '>', 0)])]),
    )
    .execute();
  return rows.map(({ request_id: id }) => id);
}

const DAY_MS = 86_400_000;
const GROUP_SQL = {
  model: sql<string>`deployment`,
  key: sql<string>`key_id`,
  operation: sql<string>`operation`,
  day: sql<string>`CAST(started_at / ${sql.lit(DAY_MS)} AS TEXT)`,
} satisfies Record<Grouping, unknown>;

export async function sumUsage(on: Db, query: UsageQuery, grouping: Grouping): Promise<UsageSum[]> {
  const group = GROUP_SQL[grouping];
  const rows = await on
    .selectFrom('usage')
    .select([
      group.as('group'),
      sql<number>`COUNT(*)`.as('calls'),
      sql<number>`SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END)`.as('failed'),
      sql<number>`SUM(prompt_tokens)`.as('promptTokens'),
      sql<number>`SUM(cached_tokens)`.as('cachedTokens'),
      sql<number>`SUM(completion_tokens)`.as('completionTokens'),
      sql<number>`SUM(tensor_rows)`.as('rows'),
    ])
    .where('started_at', '>=', query.since)
    .where('started_at', '<', query.until)
    .$if(query.orgId !== undefined, (q) => q.where('org_id', '=', query.orgId ?? ''))
    .groupBy(group)
    .orderBy(group)
    .execute();
  if (grouping !== 'day') return rows;
  return rows.map((row) => ({ ...row, group: new Date(Number(row.group) * DAY_MS).toISOString().slice(0, 10) }));
}

const WORK_SQL = {
  deployment: sql<string>`deployment`,
  org: sql<string>`org_id`,
  day: sql<string>`CAST(started_at / ${sql.lit(DAY_MS)} * ${sql.lit(DAY_MS)} AS TEXT)`,
} satisfies Record<WorkSplit, unknown>;
/** What never left the queue was not served. Reading each row's stages takes longer than all the rest; only a split among callers needs it. */
const servedMs = (on: Db) => sql<number>`SUM(duration_ms - COALESCE(${jsonNumber(on, 'stages', 'queue')}, duration_ms))`;

export async function sumWork(on: Db, { since, until }: Pick<UsageQuery, 'since' | 'until'>, split: WorkSplit): Promise<UsageWork[]> {
  const group = WORK_SQL[split];
  return on
    .selectFrom('usage')
    .select([
      'deployment',
      group.as('group'),
      sql<number>`COUNT(*)`.as('calls'),
      sql<number>`SUM(prompt_tokens + completion_tokens)`.as('tokens'),
      (split === 'org' ? servedMs(on) : sql<number>`0`).as('servedMs'),
      sql<number>`SUM(request_bytes + response_bytes)`.as('bytes'),
    ])
    .where('started_at', '>=', since)
    .where('started_at', '<', until)
    .groupBy(['deployment', group])
    .orderBy('deployment')
    .orderBy(group)
    .execute();
}

/** The newest rows first. */
export async function listUsage(on: Db, query: UsageQuery, rowsMax: number): Promise<UsageRecord[]> {
  const rows = await on
    .selectFrom('usage')
    .selectAll()
    .where('started_at', '>=', query.since)
    .where('started_at', '<', query.until)
    .$if(query.orgId !== undefined, (q) => q.where('org_id', '=', query.orgId ?? ''))
    .orderBy('started_at', 'desc')
    .orderBy('request_id', 'desc')
    .limit(rowsMax)
    .execute();
  return rows.map(recordOf);
}

type UsageRow = Schema['usage'];

function recordOf(row: UsageRow): UsageRecord {
  return {
    requestId: row.request_id,
    startedAt: row.started_at,
    orgId: row.org_id,
    keyId: row.key_id,
    deployment: row.deployment,
    revision: row.revision,
    model: row.model,
    version: row.version,
    operation: row.operation,
    status: row.status as UsageRecord['status'],
    httpStatus: row.http_status,
    promptTokens: row.prompt_tokens,
    cachedTokens: row.cached_tokens,
    completionTokens: row.completion_tokens,
    rows: row.tensor_rows,
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    estimated: row.estimated === 1,
    attempts: row.attempts,
    durationMs: row.duration_ms,
    stages: JSON.parse(row.stages) as Record<string, number>,
    subscription: row.subscription,
    priceVersion: row.price_version,
    lease: row.lease,
  };
}

/** Those of these ids that are stored. */
export async function listKnown(on: On, requestIds: readonly string[]): Promise<Set<string>> {
  if (requestIds.length === 0) return new Set();
  const rows = await on
    .selectFrom('usage')
    .select('request_id')
    .where(isOneOf(on, 'request_id', requestIds))
    .execute();
  return new Set(rows.map(({ request_id: id }) => id));
}

export async function findRecords(on: On, requestIds: readonly string[]): Promise<UsageRecord[]> {
  if (requestIds.length === 0) return [];
  const rows = await on.selectFrom('usage').selectAll().where('request_id', 'in', requestIds).orderBy('request_id').execute();
  return rows.map(recordOf);
}

/** A page of the calls that have a price, by their ids. */
export async function listPriced(on: On, afterId: string, limit: number): Promise<UsageRecord[]> {
  const rows = await on.selectFrom('usage').selectAll().where('request_id', '>', afterId).where('price_version', '<>', '').orderBy('request_id').limit(limit).execute();
  return rows.map(recordOf);
}
