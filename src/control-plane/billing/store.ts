import { sql } from 'kysely';
import { isOneOf } from '../../db/dialect.ts';
import type { Db, Tx } from '../../db/open.ts';

type On = Db | Tx;

/** Those of these calls that are in the book. */
export async function listBilled(on: On, requestIds: readonly string[]): Promise<Set<string>> {
  if (requestIds.length === 0) return new Set();
  const rows = await on
    .selectFrom('ledger_transactions')
    .select('id')
    .where(isOneOf(on, 'id', requestIds))
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Ids of the transactions that refund a charge. */
export async function listRefunds(on: On, charge: string): Promise<string[]> {
  const rows = await on.selectFrom('ledger_transactions').select('id').where('reference', '=', charge).where('kind', '=', 'refund').orderBy('seq').execute();
  return rows.map(({ id }) => id);
}

export interface GatewayRow {
  readonly name: string;
  readonly epoch: number;
  readonly startedAt: number;
  readonly seenAt: number;
}

/** A gateway starts: its epoch grows. Returns the new one. */
export async function startGateway(on: On, name: string, now: number): Promise<number> {
  const { epoch } = await on
    .insertInto('gateways')
    .values({ name, epoch: 1, started_at: now, seen_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ epoch: sql<number>`gateways.epoch + 1`, started_at: now, seen_at: now }))
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return epoch;
}

/** Returns whether it is still the one of that name. */
export async function touchGateway(on: On, name: string, epoch: number, now: number): Promise<boolean> {
  const { numUpdatedRows } = await on.updateTable('gateways').set({ seen_at: now }).where('name', '=', name).where('epoch', '=', epoch).executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function listGateways(on: On): Promise<GatewayRow[]> {
  const rows = await on.selectFrom('gateways').selectAll().orderBy('name').execute();
  return rows.map(({ name, epoch, started_at: startedAt, seen_at: seenAt }) => ({ name, epoch, startedAt, seenAt }));
}

export interface HeldByGateway {
  readonly gateway: string;
  readonly leases: number;
  readonly heldMicros: bigint;
}

/** Open leases by gateway, and what money they hold. */
export async function sumOpenLeases(on: On): Promise<HeldByGateway[]> {
  const rows = await on
    .selectFrom('credit_leases')
    .select(['gateway', sql<number>`COUNT(*)`.as('leases'), sql<bigint>`SUM(CASE WHEN unit = 'micros' THEN left_amount ELSE 0 END)`.as('held_micros')])
    .where('state', '=', 'open')
    .groupBy('gateway')
    .execute();
  return rows.map(({ gateway, leases, held_micros: heldMicros }) => ({ gateway, leases, heldMicros }));
}

/** A span of the book by when it was posted, milliseconds since 1970; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What accounts are summed up by: `wallet`, `leased`, `payable` and `receivable` of whomever, the others by their names. */
const ACCOUNT_CLASS = sql<string>`CASE WHEN account LIKE 'wallet/%' THEN 'wallet' WHEN account LIKE 'leased/%' THEN 'leased' WHEN account LIKE 'payable/%' THEN 'payable'
  WHEN account LIKE 'receivable/%' THEN 'receivable' ELSE account END`;

export interface ClassSum {
  readonly kind: string;
  readonly accounts: string;
  readonly sumMicros: bigint;
}

/** What the transactions of an organisation, or of all, did to kinds of accounts, by kind of transaction. */
export async function sumEntries(on: On, { from, to }: Span, orgId?: string): Promise<ClassSum[]> {
  const rows = await on
    .selectFrom('ledger_entries')
    .innerJoin('ledger_transactions', 'ledger_transactions.seq', 'ledger_entries.seq')
    .select(['kind', ACCOUNT_CLASS.as('accounts'), sql<bigint>`SUM(amount_micros)`.as('sum_micros')])
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .groupBy(['kind', ACCOUNT_CLASS])
    .execute();
  return rows.map(({ kind, accounts, sum_micros: sumMicros }) => ({ kind, accounts, sumMicros }));
}

/** The same of one account. */
export async function sumAccount(on: On, { from, to }: Span, account: string): Promise<Pick<ClassSum, 'kind' | 'sumMicros'>[]> {
  const rows = await on
    .selectFrom('ledger_entries')
    .innerJoin('ledger_transactions', 'ledger_transactions.seq', 'ledger_entries.seq')
    .select(['kind', sql<bigint>`SUM(amount_micros)`.as('sum_micros')])
    .where('account', '=', account)
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .groupBy('kind')
    .execute();
  return rows.map(({ kind, sum_micros: sumMicros }) => ({ kind, sumMicros }));
}

/** What is kept for the wallets of an organisation and its leases, now. */
export async function keptCredit(on: On, orgId: string): Promise<bigint> {
  const accounts = on
    .selectFrom('ledger_entries')
    .innerJoin('ledger_transactions', 'ledger_transactions.seq', 'ledger_entries.seq')
    .select('account')
    .where('org_id', '=', orgId)
    .where((eb) => eb.or([eb('account', 'like', 'wallet/%'), eb('account', 'like', 'leased/%')]));
  const row = await on
    .selectFrom('ledger_balances')
    .select(sql<bigint>`COALESCE(SUM(balance_micros), 0)`.as('sum_micros'))
    .where('account', 'in', accounts)
    .executeTakeFirst();
  return row?.sum_micros ?? 0n;
}

/** What is kept for kinds of accounts, now. */
export async function keptByClass(on: On): Promise<Map<string, bigint>> {
  const rows = await on
    .selectFrom('ledger_balances')
    .select([ACCOUNT_CLASS.as('accounts'), sql<bigint>`SUM(balance_micros)`.as('sum_micros')])
    .groupBy(ACCOUNT_CLASS)
    .execute();
  return new Map(rows.map(({ accounts, sum_micros: sum }) => [accounts, sum]));
}

/** What the calls of one deployment were charged, and what they used. */
export interface ChargedCalls {
  readonly deployment: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly rows: number;
  readonly chargedMicros: bigint;
  /** Of the publisher that is asked for. */
  readonly shareMicros: bigint;
}

/** By deployment: the charges of an organisation, or those of which a publisher's account had a share. */
export async function sumCharges(on: On, { from, to }: Span, of: { readonly orgId: string } | { readonly payable: string }): Promise<ChargedCalls[]> {
  const account = 'payable' in of ? of.payable : '';
  const charges = on
    .selectFrom('ledger_transactions')
    .innerJoin('ledger_entries', 'ledger_entries.seq', 'ledger_transactions.seq')
    .select([
      'id',
      sql<bigint>`SUM(CASE WHEN amount_micros > 0 THEN amount_micros ELSE 0 END)`.as('charged_micros'),
      sql<bigint>`SUM(CASE WHEN account = ${account} THEN amount_micros ELSE 0 END)`.as('share_micros'),
    ])
    .where('kind', '=', 'settle')
    .where('created_at', '>=', from)
    .where('created_at', '<', to)
    .$if('orgId' in of, (query) => query.where('org_id', '=', 'orgId' in of ? of.orgId : ''))
    .$if(account !== '', (query) => query.where('ledger_transactions.seq', 'in', on.selectFrom('ledger_entries').select('seq').where('account', '=', account)))
    .groupBy('id')
    .as('charges');
  const rows = await on
    .selectFrom(charges)
    .leftJoin('usage', 'usage.request_id', 'charges.id')
    .select([
      sql<string>`COALESCE(deployment, '')`.as('name'),
      sql<number>`COUNT(*)`.as('calls'),
      sql<number>`COALESCE(SUM(prompt_tokens - cached_tokens), 0)`.as('input'),
      sql<number>`COALESCE(SUM(cached_tokens), 0)`.as('cached'),
      sql<number>`COALESCE(SUM(completion_tokens), 0)`.as('output'),
      sql<number>`COALESCE(SUM(tensor_rows), 0)`.as('tensor_rows'),
      sql<bigint>`SUM(charged_micros)`.as('charged_micros'),
      sql<bigint>`SUM(share_micros)`.as('share_micros'),
    ])
    .groupBy(sql`COALESCE(deployment, '')`)
    .orderBy('name')
    .execute();
  return rows.map((row) => ({
    deployment: row.name,
    calls: row.calls,
    inputTokens: row.input,
    cachedTokens: row.cached,
    outputTokens: row.output,
    rows: row.tensor_rows,
    chargedMicros: row.charged_micros,
    shareMicros: row.share_micros,
  }));
}

export async function keptOf(on: On, account: string): Promise<bigint> {
  const row = await on.selectFrom('ledger_balances').select('balance_micros').where('account', '=', account).executeTakeFirst();
  return row?.balance_micros ?? 0n;
}
