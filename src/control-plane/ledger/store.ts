import { type RawBuilder, type Selectable, sql } from 'kysely';
import { amountTable, isOneOf } from '../../db/dialect.ts';
import { insertJsonRows } from '../../db/json-rows.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import { type Account, isGuarded, leased } from './accounts.ts';
import type { Hashed } from './chain.ts';
import { amountTooLarge, overdrawn } from './errors.ts';
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
  const rows = await on
    .selectFrom('ledger_transactions')
    .selectAll()
    .where(isOneOf(on, 'id', ids))
    .execute();
  if (rows.length === 0) return new Map();
  const entries = await on
    .selectFrom('ledger_transactions')
    .innerJoin('ledger_entries', 'ledger_entries.seq', 'ledger_transactions.seq')
    .selectAll('ledger_entries')
    .where(isOneOf(on, 'id', ids))
    .orderBy('ledger_entries.seq')
    .orderBy('line')
    .execute();
  return new Map(withEntries(rows, entries).map((posted) => [posted.id, posted]));
}

/** A page of the book, in order. */
export async function listPosted(on: On, afterSeq: number, limit: number): Promise<Posted[]> {
  const rows = await on.selectFrom('ledger_transactions').selectAll().where('seq', '>', afterSeq).orderBy('seq').limit(limit).execute();
  const last = rows.at(-1);
  if (!last) return [];
  const entries = await on.selectFrom('ledger_entries').selectAll().where('seq', '>', afterSeq).where('seq', '<=', last.seq).orderBy('seq').orderBy('line').execute();
  return withEntries(rows, entries);
}

function withEntries(rows: readonly Schema['ledger_transactions'][], entries: readonly Schema['ledger_entries'][]): Posted[] {
  const bySeq = Map.groupBy(entries, ({ seq }) => seq);
  return rows.map(({ org_id: orgId, created_at: createdAt, ...row }) => ({
    ...row,
    orgId,
    createdAt,
    postings: (bySeq.get(row.seq) ?? []).map(({ account, amount_micros: amountMicros }) => ({ account, amountMicros })),
  }));
}

const TRANSACTIONS = {
  table: 'ledger_transactions',
  key: undefined,
  columns: { seq: 'seq', id: 'id', kind: 'kind', org_id: 'orgId', reference: 'reference', created_at: 'createdAt', hash: 'hash' },
} as const;
const ENTRIES = { table: 'ledger_entries', key: undefined, columns: { seq: 'seq', line: 'line', account: 'account', amount_micros: 'amount' } } as const;
const BALANCES = { table: 'ledger_balances', key: undefined, columns: { account: 'account', balance_micros: 'amount', is_guarded: 'isGuarded' } } as const;

/** Writes transactions that follow the head, what they do to balances, and the new head. @throws Fault when a guarded account would go below zero */
export async function append(on: Tx, posted: readonly Posted[]): Promise<void> {
  const last = posted.at(-1);
  if (!last) return;
  checkSize(posted.flatMap(({ postings }) => postings.map(({ account, amountMicros }) => [account, amountMicros] as const)));
  const transactions = posted.map(({ seq, id, kind, orgId, reference, createdAt, hash }) => [seq, id, kind, orgId, reference, createdAt, hash]);
  await insertJsonRows(on, TRANSACTIONS, { fields: ['seq', 'id', 'kind', 'orgId', 'reference', 'createdAt', 'hash'], json: JSON.stringify(transactions) });
  await insertJsonRows(on, ENTRIES, { fields: ['seq', 'line', 'account', 'amount'], json: entriesJson(posted) });
  await change(on, sums(posted));
  await on.updateTable('ledger_head').set({ seq: last.seq, hash: last.hash }).where('id', '=', 1).execute();
}

/** Of any line or balance: what 64 bits hold, with room to spare. */
const AMOUNT_MICROS_MAX = 4n * 10n ** 18n;

/** SQLite would keep a larger number as a floating-point one, for ever, and say nothing. */
function checkSize(amounts: Iterable<readonly [Account, bigint]>): void {
  const large = [...amounts].filter(([, amount]) => amount > AMOUNT_MICROS_MAX || amount < -AMOUNT_MICROS_MAX).map(([account]) => account);
  if (large.length > 0) throw amountTooLarge(large);
}

/** An upsert would check the change alone before it is added: so first what is there, then what is new. @throws Fault when a guarded account does not hold as much, or any would hold too much */
async function change(on: Tx, changes: ReadonlyMap<Account, bigint>): Promise<void> {
  try {
    const { rows } = await sql<{ readonly account: string; readonly balance_micros: bigint }>`UPDATE ledger_balances SET balance_micros = balance_micros + change.amount
      FROM ${amountTable(on, changes)} AS change WHERE account = change.name RETURNING account, balance_micros`.execute(on);
    checkSize(rows.map(({ account, balance_micros: balance }) => [account, balance]));
    const known = new Set(rows.map(({ account }) => account));
    if (known.size < changes.size)
      await insertBalances(
        on,
        [...changes].filter(([account]) => !known.has(account)),
      );
  } catch (error) {
    if (!(error instanceof Error) || !/check constraint/i.test(error.message)) throw error;
    throw overdrawn([...changes].filter(([account, amount]) => amount < 0n && isGuarded(account)).map(([account]) => account));
  }
}

async function insertBalances(on: Tx, balances: readonly (readonly [Account, bigint])[]): Promise<void> {
  const rows = balances.map(([account, amount]) => [account, amount.toString(), isGuarded(account)]);
  await insertJsonRows(on, BALANCES, { fields: ['account', 'amount', 'isGuarded'], json: JSON.stringify(rows) });
}

/** What each account changes by; accounts that are left as they are don't count. */
function sums(posted: readonly { readonly postings: readonly Posting[] }[]): Map<Account, bigint> {
  const byAccount = new Map<Account, bigint>();
  for (const { postings } of posted) for (const { account, amountMicros } of postings) byAccount.set(account, (byAccount.get(account) ?? 0n) + amountMicros);
  return byAccount;
}

/** As text at once: a batch has thousands of lines, of few accounts. */
function entriesJson(posted: readonly Posted[]): string {
  const quoted = new Map<Account, string>();
  let json = '';
  for (const { seq, postings } of posted) {
    for (const [line, { account, amountMicros }] of postings.entries()) {
      let name = quoted.get(account);
      if (name === undefined) quoted.set(account, (name = JSON.stringify(account)));
      json += `${json === '' ? '[' : ','}[${seq},${line},${name},"${amountMicros}"]`;
    }
  }
  return `${json}]`;
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
  await insertBalances(on, [...all]);
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

/** What is left of a grant, in its wallet or in a lease. */
export interface HeldGrant extends Grant {
  readonly balanceMicros: bigint;
  /** What was left of it when it expired has been taken back. */
  readonly isSwept: boolean;
}

type HeldRow = Selectable<Schema['grants']> & { readonly balance_micros: bigint };

/** What is left of organisations' grants, expired ones too, by organisation. */
export async function walletsOf(on: On, orgIds: readonly string[]): Promise<Map<string, HeldGrant[]>> {
  const rows = await on
    .selectFrom('grants')
    .innerJoin('ledger_balances', (join) => join.on('account', '=', WALLET))
    .selectAll('grants')
    .select('balance_micros')
    .where(isOneOf(on, 'org_id', orgIds))
    .where('balance_micros', '>', 0n)
    .execute();
  return inOrder(rows, ({ org_id }) => org_id);
}

/** A grant's account, as `wallet()` names it. */
const WALLET = sql<string>`'wallet/' || org_id || '/' || id`;

/** Leases that one statement asks for: SQLite joins at most 500 selects. */
const LEASES_AT_ONCE = 100;

/** What leases hold of grants, by lease. */
export async function heldBy(on: On, leases: readonly string[]): Promise<Map<string, HeldGrant[]>> {
  const rows: (HeldRow & { readonly lease: string })[] = [];
  for (let at = 0; at < leases.length; at += LEASES_AT_ONCE) {
    const selects = leases.slice(at, at + LEASES_AT_ONCE).map(heldByOne);
    rows.push(...(await sql<HeldRow & { readonly lease: string }>`${sql.join(selects, sql` UNION ALL `)}`.execute(on)).rows);
  }
  return inOrder(rows, ({ lease }) => lease);
}

/** A lease's accounts are those that begin as `leased()` names them. Their bounds are given, so that PostgreSQL knows that they are few. */
function heldByOne(lease: string): RawBuilder<unknown> {
  const prefix = leased(lease, '');
  const afterSlash = `${prefix.slice(0, -1)}0`;
  return sql`SELECT grants.*, CAST(${lease} AS TEXT) AS lease, balance_micros FROM ledger_balances JOIN grants ON grants.id = substr(account, length(CAST(${prefix} AS TEXT)) + 1)
    WHERE account > ${prefix} AND account < ${afterSlash} AND balance_micros > 0`;
}

/** In the order in which they are spent (M34): by priority, then who expires first, then by id. */
function inOrder<Row extends HeldRow>(rows: readonly Row[], groupOf: (row: Row) => string): Map<string, HeldGrant[]> {
  const sorted = rows.toSorted(
    (a, b) => a.priority - b.priority || (a.expires_at ?? Number.MAX_SAFE_INTEGER) - (b.expires_at ?? Number.MAX_SAFE_INTEGER) || (a.id < b.id ? -1 : 1),
  );
  return new Map([...Map.groupBy(sorted, groupOf)].map(([group, of]) => [group, of.map(heldGrant)]));
}

function heldGrant({ id, org_id: orgId, priority, expires_at: expiresAt, note, created_at: createdAt, swept_at: sweptAt, balance_micros: balanceMicros }: HeldRow): HeldGrant {
  return { id, orgId, priority, expiresAt: expiresAt ?? undefined, note, createdAt, isSwept: sweptAt !== null, balanceMicros };
}

/** Grants that have expired and were not swept yet, with what their wallets hold. */
export async function listExpired(on: On, now: number, limit: number): Promise<{ readonly id: string; readonly orgId: string; readonly balanceMicros: bigint }[]> {
  const rows = await on
    .selectFrom('grants')
    .leftJoin('ledger_balances', (join) => join.on('account', '=', WALLET))
    .select(['id', 'org_id', 'balance_micros'])
    .where('expires_at', '<=', now)
    .where('swept_at', 'is', null)
    .orderBy('expires_at')
    .limit(limit)
    .execute();
  return rows.map(({ id, org_id: orgId, balance_micros: balance }) => ({ id, orgId, balanceMicros: balance ?? 0n }));
}

export async function markSwept(on: Tx, grants: readonly string[], now: number): Promise<void> {
  await on
    .updateTable('grants')
    .set({ swept_at: now })
    .where(isOneOf(on, 'id', grants))
    .execute();
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

export async function hasLease(on: On, id: string): Promise<boolean> {
  return (await on.selectFrom('credit_leases').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** Ends an open lease, once. Returns whose it was; undefined: it was not open. */
export async function endLease(on: Tx, id: string, state: 'closed' | 'abandoned', now: number): Promise<string | undefined> {
  const row = await on.updateTable('credit_leases').set({ state, closed_at: now }).where('id', '=', id).where('state', '=', 'open').returning('org_id').executeTakeFirst();
  return row?.org_id;
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
