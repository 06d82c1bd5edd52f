import { sql } from 'kysely';
import { insertJsonRows } from '../../db/json-rows.ts';
import type { Db, Tx } from '../../db/open.ts';
import { type Account, isGuarded } from './accounts.ts';
import type { Hashed } from './chain.ts';
import { overdrawn } from './errors.ts';
import type { Posting } from './model.ts';

type On = Db | Tx;

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** A transaction as it is kept. */
export interface Posted extends Hashed {
  readonly hash: string;
}

/** The newest transaction. Whoever reads it here has the book to itself until the transaction ends, on any database. */
export async function lockHead(on: Tx): Promise<Head> {
  const head = await on
    .updateTable('ledger_head')
    .set({ seq: sql<number>`seq` })
    .where('id', '=', 1)
    .returning(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  return head;
}

/** Those of these ids that are in the book, with their postings. */
export async function findPosted(on: On, ids: readonly string[]): Promise<Map<string, Posted>> {
  if (ids.length === 0) return new Map();
  const rows = await on.selectFrom('ledger_transactions').selectAll().where('id', 'in', ids).execute();
  return new Map((await withEntries(on, rows)).map((posted) => [posted.id, posted]));
}

/** A page of the book, in order. */
export async function listPosted(on: On, afterSeq: number, limit: number): Promise<Posted[]> {
  const rows = await on.selectFrom('ledger_transactions').selectAll().where('seq', '>', afterSeq).orderBy('seq').limit(limit).execute();
  return withEntries(on, rows);
}

type TransactionRow = { seq: number; id: string; kind: string; org_id: string; reference: string; created_at: number; hash: string };

async function withEntries(on: On, rows: readonly TransactionRow[]): Promise<Posted[]> {
  if (rows.length === 0) return [];
  const entries = await on
    .selectFrom('ledger_entries')
    .selectAll()
    .where(
      'seq',
      'in',
      rows.map(({ seq }) => seq),
    )
    .orderBy('seq')
    .orderBy('line')
    .execute();
  const bySeq = Map.groupBy(entries, ({ seq }) => seq);
  return rows.map(({ org_id: orgId, created_at: createdAt, ...row }) => ({
    ...row,
    orgId,
    createdAt,
    postings: (bySeq.get(row.seq) ?? []).map(({ account, amount_micros: amountMicros }) => ({ account, amountMicros })),
  }));
}

/** Writes transactions that follow the head, what they do to balances, and the new head. @throws the database's error when a guarded account would go below zero */
export async function append(on: Tx, posted: readonly Posted[]): Promise<void> {
  const last = posted.at(-1);
  if (!last) return;
  const transactions = posted.map(({ seq, id, kind, orgId, reference, createdAt, hash }) => [seq, id, kind, orgId, reference, createdAt, hash]);
  await insertJsonRows(
    on,
    { table: 'ledger_transactions', key: 'seq', columns: { seq: 'seq', id: 'id', kind: 'kind', org_id: 'orgId', reference: 'reference', created_at: 'createdAt', hash: 'hash' } },
    { fields: ['seq', 'id', 'kind', 'orgId', 'reference', 'createdAt', 'hash'], json: JSON.stringify(transactions) },
  );
  const lines = posted.flatMap(({ seq, postings }) => postings.map(({ account, amountMicros }, line) => ({ seq, line, account, amount_micros: amountMicros })));
  for (let from = 0; from < lines.length; from += LINES_PER_STATEMENT)
    await on
      .insertInto('ledger_entries')
      .values(lines.slice(from, from + LINES_PER_STATEMENT))
      .execute();
  for (const [account, amount] of sums(posted.flatMap(({ postings }) => postings))) await change(on, account, amount);
  await on.updateTable('ledger_head').set({ seq: last.seq, hash: last.hash }).where('id', '=', 1).execute();
}

const LINES_PER_STATEMENT = 500;

/** An upsert would check the change alone before it is added: so first what is there, then what is new. @throws Fault when a guarded account does not hold as much */
async function change(on: Tx, account: Account, amount: bigint): Promise<void> {
  try {
    const { numUpdatedRows } = await on
      .updateTable('ledger_balances')
      .set({ balance_micros: sql<bigint>`balance_micros + ${amount}` })
      .where('account', '=', account)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return;
    await on
      .insertInto('ledger_balances')
      .values({ account, balance_micros: amount, is_guarded: Number(isGuarded(account)) })
      .execute();
  } catch (error) {
    if (error instanceof Error && /check constraint/i.test(error.message)) throw overdrawn(account);
    throw error;
  }
}

/** What each account changes by, in the order of the accounts' names, so that two transactions never wait for each other crosswise. */
function sums(postings: readonly Posting[]): Map<Account, bigint> {
  const byAccount = new Map<Account, bigint>();
  for (const { account, amountMicros } of postings) byAccount.set(account, (byAccount.get(account) ?? 0n) + amountMicros);
  return new Map([...byAccount].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What accounts of a name, or whose names begin so, come to. */
export async function balances(on: On, prefix: string): Promise<Map<Account, bigint>> {
  const rows = await on
    .selectFrom('ledger_balances')
    .select(['account', 'balance_micros'])
    .where('account', '>=', prefix)
    .where('account', '<', `${prefix}\u{10ffff}`)
    .orderBy('account')
    .execute();
  return new Map(rows.map(({ account, balance_micros: balance }) => [account, balance]));
}

/** Puts other balances in the place of those that are kept. */
export async function replaceBalances(on: Tx, all: ReadonlyMap<Account, bigint>): Promise<void> {
  await on.deleteFrom('ledger_balances').execute();
  for (const [account, balance] of all)
    await on
      .insertInto('ledger_balances')
      .values({ account, balance_micros: balance, is_guarded: Number(isGuarded(account)) })
      .execute();
}

export interface Grant {
  readonly id: string;
  readonly orgId: string;
  /** The smallest is spent first. */
  readonly priority: number;
  readonly expiresAt: number | undefined;
  readonly note: string;
  readonly createdAt: number;
}

export async function insertGrant(on: Tx, { id, orgId, priority, expiresAt, note, createdAt }: Grant): Promise<void> {
  await on
    .insertInto('grants')
    .values({ id, org_id: orgId, priority, expires_at: expiresAt ?? null, note, created_at: createdAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** In the order in which they are spent (M34): by priority, then who expires first, then by id. */
export async function listGrants(on: On, orgId: string): Promise<Grant[]> {
  const rows = await on.selectFrom('grants').selectAll().where('org_id', '=', orgId).execute();
  return rows
    .map((row) => ({ id: row.id, orgId: row.org_id, priority: row.priority, expiresAt: row.expires_at ?? undefined, note: row.note, createdAt: row.created_at }))
    .toSorted((a, b) => a.priority - b.priority || (a.expiresAt ?? Number.MAX_SAFE_INTEGER) - (b.expiresAt ?? Number.MAX_SAFE_INTEGER) || (a.id < b.id ? -1 : 1));
}

export async function listExpired(on: On, now: number): Promise<{ readonly id: string; readonly orgId: string }[]> {
  const rows = await on.selectFrom('grants').select(['id', 'org_id']).where('expires_at', '<=', now).execute();
  return rows.map(({ id, org_id: orgId }) => ({ id, orgId }));
}

export interface LeaseRow {
  readonly id: string;
  readonly orgId: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly state: 'open' | 'closed' | 'abandoned';
}

export async function insertLease(on: Tx, { id, orgId, gateway, epoch, state }: LeaseRow, now: number): Promise<void> {
  await on.insertInto('credit_leases').values({ id, org_id: orgId, gateway, epoch, state, created_at: now, closed_at: null }).execute();
}

export async function findLease(on: On, id: string): Promise<LeaseRow | undefined> {
  const row = await on.selectFrom('credit_leases').selectAll().where('id', '=', id).executeTakeFirst();
  return row && { id: row.id, orgId: row.org_id, gateway: row.gateway, epoch: row.epoch, state: row.state as LeaseRow['state'] };
}

/** Ends an open lease, once. Returns whether it was open. */
export async function endLease(on: Tx, id: string, state: 'closed' | 'abandoned', now: number): Promise<boolean> {
  const { numUpdatedRows } = await on.updateTable('credit_leases').set({ state, closed_at: now }).where('id', '=', id).where('state', '=', 'open').executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What was refunded of a transaction so far. */
export async function refundedOf(on: On, of: string): Promise<bigint> {
  const row = await on
    .selectFrom('ledger_entries')
    .innerJoin('ledger_transactions', 'ledger_transactions.seq', 'ledger_entries.seq')
    .select(sql<bigint>`COALESCE(SUM(amount_micros), 0)`.as('sum_micros'))
    .where('kind', '=', 'refund')
    .where('reference', '=', of)
    .where('account', 'like', 'wallet/%')
    .executeTakeFirst();
  return row?.sum_micros ?? 0n;
}
