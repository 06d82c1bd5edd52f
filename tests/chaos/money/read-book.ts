import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Book, PriceVersion, Transaction, UsageRow } from './evidence.ts';

type Row = Readonly<Record<string, unknown>>;
type Query = (sql: string) => Promise<Row[]>;

const text = (value: unknown): string => String(value);
const whole = (value: unknown): number => Number(value);
const big = (value: unknown): bigint => BigInt(String(value));

/** Reads a SQLite file, or a PostgreSQL database by its URL. Each table once, as it is. */
export async function readBook(target: string): Promise<Book> {
  if (!/^postgres(ql)?:/.test(target)) {
    const db = new DatabaseSync(target, { readOnly: true });
    try {
      return await bookOf(async (sql) => {
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
    return await bookOf(async (sql) => (await client.query<Row>(sql)).rows);
  } finally {
    await client.end();
  }
}

async function bookOf(query: Query): Promise<Book> {
  const [head] = await query('SELECT seq, hash FROM ledger_head');
  const balances = await query('SELECT account, balance_micros FROM ledger_balances');
  const leases = await query('SELECT id, gateway, state, unit, left_amount, budgets FROM credit_leases');
  const periods = await query('SELECT budget_id, start, leased_amount FROM budget_periods');
  return {
    usage: (await query('SELECT * FROM usage')).map(usageRow),
    prices: (await query('SELECT * FROM price_versions')).map(priceVersion),
    transactions: await transactionsOf(query),
    balances: new Map(balances.map((row) => [text(row.account), big(row.balance_micros)])),
    head: { seq: whole(head?.seq), hash: text(head?.hash) },
    leases: leases.map((row) => ({
      id: text(row.id),
      gateway: text(row.gateway),
      state: text(row.state),
      unit: text(row.unit),
      left: big(row.left_amount),
      budgets: JSON.parse(text(row.budgets)) as string[],
    })),
    budgetPeriods: periods.map((row) => ({ budget: text(row.budget_id), start: whole(row.start), leased: big(row.leased_amount) })),
  };
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
    orgId: text(row.org_id),
    status: text(row.status),
    promptTokens: whole(row.prompt_tokens),
    cachedTokens: whole(row.cached_tokens),
    completionTokens: whole(row.completion_tokens),
    rows: whole(row.tensor_rows),
    requestBytes: whole(row.request_bytes),
    responseBytes: whole(row.response_bytes),
    durationMs: whole(row.duration_ms),
    queueMs: (JSON.parse(text(row.stages)) as { queue?: number }).queue,
    priceVersion: text(row.price_version),
    lease: text(row.lease),
  };
}

function priceVersion(row: Row): PriceVersion {
  const rates = JSON.parse(text(row.rates)) as Record<string, string>;
  return {
    id: text(row.id),
    rates: new Map(Object.entries(rates).map(([unit, micros]) => [unit, BigInt(micros)])),
    publisher: text(row.publisher_org_id),
    publisherBasisPoints: big(row.publisher_basis_points),
    taxBasisPoints: big(row.tax_basis_points),
  };
}
