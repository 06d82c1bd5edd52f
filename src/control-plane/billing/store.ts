import { sql } from 'kysely';
import type { Db, Tx } from '../../db/open.ts';

type On = Db | Tx;

/** Those of these calls that are in the book. */
export async function listBilled(on: On, requestIds: readonly string[]): Promise<Set<string>> {
  if (requestIds.length === 0) return new Set();
  const rows = await on.selectFrom('ledger_transactions').select('id').where('id', 'in', requestIds).execute();
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
