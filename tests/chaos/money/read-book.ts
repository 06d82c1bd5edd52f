import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Book, Key, PriceVersion, Transaction, UsageRow } from './evidence.ts';

type Row = Readonly<Record<string, unknown>>;
type Query = (sql: string) => Promise<Row[]>;

const text = (value: unknown): string => String(value);
const whole = (value: unknown): number => Number(value);
const big = (value: unknown): bigint => BigInt(String(value));
const optional = (value: unknown): string | undefined => (value === null ? undefined : String(value));

/** Reads a SQLite file, or a PostgreSQL database by its URL. Each table once, as it is. */
export function readBook(target: string): Promise<Book> {
  return reading(target, bookOf);
}

/** Ids of the calls that are charged for. */
export function readSettled(target: string): Promise<Set<string>> {
  return reading(target, async (query) => new Set((await query("SELECT id FROM ledger_transactions WHERE kind = 'settle'")).map(({ id }) => text(id))));
}

async function reading<T>(target: string, read: (query: Query) => Promise<T>): Promise<T> {
  if (!/^postgres(ql)?:/.test(target)) {
    const db = new DatabaseSync(target, { readOnly: true });
    try {
      return await read(async (sql) => {
        const statement = db.prepare(sql);
        statement.setReadBigInts(true);
        return statement.all();
      });
    } finally {
      db.close();
    }
  }
  const client = new pg.Client({ connectionString: target });
  await client.connect();
  try {
    return await read(async (sql) => (await client.query<Row>(sql)).rows);
  } finally {
    await client.end();
  }
}

async function bookOf(query: Query): Promise<Book> {
  const [head] = await query('SELECT seq, hash FROM ledger_head');
  const balances = await query('SELECT account, balance_micros FROM ledger_balances');
  const leases = await query('SELECT id, gateway, state FROM credit_leases');
  const subscriptions = await query('SELECT id, org_id, plan_id, deployment, price_version FROM subscriptions');
  return {
    usage: (await query('SELECT * FROM usage')).map(usageRow),
    prices: (await query('SELECT * FROM price_versions')).map(priceVersion),
    subscriptions: subscriptions.map((row) => ({
      id: text(row.id),
      orgId: text(row.org_id),
      plan: text(row.plan_id),
      deployment: text(row.deployment),
      priceVersion: text(row.price_version),
    })),
    keys: (await query('SELECT id, org_id, expires_at, revoked_at, replaced_by FROM keys')).map(key),
    transactions: await transactionsOf(query),
    balances: new Map(balances.map((row) => [text(row.account), big(row.balance_micros)])),
    head: { seq: whole(head?.seq), hash: text(head?.hash) },
    leases: leases.map((row) => ({ id: text(row.id), gateway: text(row.gateway), state: text(row.state) })),
    ...(await limitsOf(query)),
  };
}

async function limitsOf(query: Query): Promise<Pick<Book, 'budgets' | 'budgetPeriods'>> {
  const budgets = await query('SELECT * FROM budgets WHERE removed_at IS NULL');
  const periods = await query('SELECT budget_id, start, used_amount, leased_amount FROM budget_periods');
  return {
    budgets: budgets.map((row) => ({
      id: text(row.id),
      orgId: text(row.org_id),
      keyId: optional(row.key_id),
      subscription: optional(row.subscription_id),
      unit: text(row.unit),
      limit: big(row.limit_amount),
      period: text(row.period),
      isHard: whole(row.is_hard) === 1,
    })),
    budgetPeriods: periods.map((row) => ({ budget: text(row.budget_id), start: whole(row.start), used: big(row.used_amount), leased: big(row.leased_amount) })),
  };
}

function key(row: Row): Key {
  const ends = [row.expires_at, row.revoked_at].filter((at) => at !== null).map(whole);
  return { id: text(row.id), orgId: text(row.org_id), endsAt: ends.length > 0 ? Math.min(...ends) : undefined, replacedBy: optional(row.replaced_by) };
}

async function transactionsOf(query: Query): Promise<Transaction[]> {
  const entries = Map.groupBy(await query('SELECT seq, line, account, amount_micros FROM ledger_entries ORDER BY seq, line'), (row) => whole(row.seq));
  const rows = await query('SELECT seq, id, kind, org_id, reference, created_at, hash FROM ledger_transactions ORDER BY seq');
  return rows.map((row) => ({
    seq: whole(row.seq),
    id: text(row.id),
    kind: text(row.kind),
    orgId: text(row.org_id),
    reference: text(row.reference),
    createdAt: whole(row.created_at),
    hash: text(row.hash),
    entries: (entries.get(whole(row.seq)) ?? []).map((entry) => ({ account: text(entry.account), amount: big(entry.amount_micros) })),
  }));
}

function usageRow(row: Row): UsageRow {
  return {
    id: text(row.request_id),
    startedAt: whole(row.started_at),
    orgId: text(row.org_id),
    keyId: text(row.key_id),
    deployment: text(row.deployment),
    status: text(row.status),
    promptTokens: whole(row.prompt_tokens),
    cachedTokens: whole(row.cached_tokens),
    completionTokens: whole(row.completion_tokens),
    rows: whole(row.tensor_rows),
    requestBytes: whole(row.request_bytes),
    responseBytes: whole(row.response_bytes),
    durationMs: whole(row.duration_ms),
    queueMs: (JSON.parse(text(row.stages)) as { queue?: number }).queue,
    subscription: text(row.subscription),
    priceVersion: text(row.price_version),
    lease: text(row.lease),
  };
}

function priceVersion(row: Row): PriceVersion {
  const rates = JSON.parse(text(row.rates)) as Record<string, string>;
  return {
    id: text(row.id),
    plan: text(row.plan_id),
    rates: new Map(Object.entries(rates).map(([unit, micros]) => [unit, BigInt(micros)])),
    publisher: text(row.publisher_org_id),
    publisherBasisPoints: big(row.publisher_basis_points),
    taxBasisPoints: big(row.tax_basis_points),
  };
}
