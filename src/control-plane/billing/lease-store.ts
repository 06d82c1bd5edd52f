import type { Db, Tx } from '../../db/open.ts';
import type { BudgetPeriod } from '../entitlements/index.ts';
import type { LeaseState } from './model.ts';
import type { LeaseUnit } from './ports.ts';

type On = Db | Tx;

/** Who holds a lease, and whether. */
export interface LeaseRow extends LeaseState {
  readonly orgId: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly isOpen: boolean;
  readonly createdAt: number;
}

interface Stored {
  readonly id: string;
  readonly org_id: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly state: string;
  readonly created_at: number;
  readonly unit: string;
  readonly left_amount: bigint;
  readonly budgets: string;
}

function leaseOf(row: Stored): LeaseRow {
  return {
    id: row.id,
    orgId: row.org_id,
    gateway: row.gateway,
    epoch: row.epoch,
    isOpen: row.state === 'open',
    createdAt: row.created_at,
    unit: row.unit as LeaseUnit,
    leftAmount: row.left_amount,
    budgets: JSON.parse(row.budgets) as BudgetPeriod[],
  };
}

export async function findLeases(on: On, ids: readonly string[]): Promise<Map<string, LeaseRow>> {
  if (ids.length === 0) return new Map();
  const rows = await on.selectFrom('credit_leases').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, leaseOf(row)]));
}

/** Open leases of a gateway; `before`: of earlier epochs only. */
export async function listOpen(on: On, gateway: string, before: number = Number.MAX_SAFE_INTEGER): Promise<LeaseRow[]> {
  const rows = await on.selectFrom('credit_leases').selectAll().where('gateway', '=', gateway).where('state', '=', 'open').where('epoch', '<', before).orderBy('id').execute();
  return rows.map(leaseOf);
}

/** The book has a row for a lease of money already; one of a quota is not in the book. */
export async function insertQuotaLease(on: Tx, { id, orgId, gateway, epoch }: Pick<LeaseRow, 'id' | 'orgId' | 'gateway' | 'epoch'>, now: number): Promise<void> {
  await on.insertInto('credit_leases').values({ id, org_id: orgId, gateway, epoch, state: 'open', created_at: now, closed_at: null }).execute();
}

/** Says what a lease counts, of what, and how much of it there is. */
export async function fillLease(on: Tx, { id, unit, leftAmount, budgets }: LeaseState): Promise<void> {
  await on
    .updateTable('credit_leases')
    .set({ unit, left_amount: leftAmount, budgets: JSON.stringify(budgets) })
    .where('id', '=', id)
    .execute();
}

export async function setLeft(on: Tx, id: string, leftAmount: bigint): Promise<void> {
  await on.updateTable('credit_leases').set({ left_amount: leftAmount }).where('id', '=', id).execute();
}

/** What open leases hold of an organisation's money. */
export async function sumHeld(on: On, orgId: string): Promise<bigint> {
  const { held_micros: held } = await on
    .selectFrom('credit_leases')
    .select(({ fn }) => fn.sum<bigint | null>('left_amount').as('held_micros'))
    .where('org_id', '=', orgId)
    .where('state', '=', 'open')
    .where('unit', '=', 'micros')
    .executeTakeFirstOrThrow();
  return held ?? 0n;
}

/** Ends an open lease of a quota, once. Returns whether it was open. */
export async function endQuotaLease(on: Tx, id: string, state: 'closed' | 'abandoned', now: number): Promise<boolean> {
  const { numUpdatedRows } = await on.updateTable('credit_leases').set({ state, closed_at: now }).where('id', '=', id).where('state', '=', 'open').executeTakeFirst();
  return numUpdatedRows > 0n;
}
