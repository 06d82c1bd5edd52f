import type { Db } from '../../../db/open.ts';
import type { Schema } from '../../../db/schema.ts';

/** One message to one receiver, however often it is tried. */
export interface Delivery {
  readonly id: string;
  readonly orgId: string;
  readonly ruleId: string;
  readonly alertId: string;
  /** The JSON text that is sent. */
  readonly body: string;
  readonly state: 'waiting' | 'delivered' | 'failed';
  readonly attempts: number;
  /** Of the last answer. */
  readonly httpStatus: number | undefined;
  /** What went wrong last, for people. */
  readonly problem: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export async function putDelivery(db: Db, delivery: Delivery): Promise<void> {
  const row: Schema['webhook_deliveries'] = {
    id: delivery.id,
    org_id: delivery.orgId,
    rule_id: delivery.ruleId,
    alert_id: delivery.alertId,
    body: delivery.body,
    state: delivery.state,
    attempts: delivery.attempts,
    http_status: delivery.httpStatus ?? null,
    problem: delivery.problem,
    created_at: delivery.createdAt,
    updated_at: delivery.updatedAt,
  };
  await db
    .insertInto('webhook_deliveries')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

export interface DeliveryQuery {
  readonly orgId?: string | undefined;
  readonly ruleId?: string | undefined;
  readonly state?: Delivery['state'] | undefined;
}

/** The newest first. */
export async function listDeliveries(db: Db, { orgId, ruleId, state }: DeliveryQuery, rowsMax: number): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(ruleId !== undefined, (query) => query.where('rule_id', '=', ruleId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    ruleId: row.rule_id,
    alertId: row.alert_id,
    body: row.body,
    state: row.state as Delivery['state'],
    attempts: row.attempts,
    httpStatus: row.http_status ?? undefined,
    problem: row.problem,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

/** Forgets all but the newest. */
export async function trimDeliveries(db: Db, kept: number): Promise<void> {
  const oldest = await db.selectFrom('webhook_deliveries').select('id').orderBy('id', 'desc').offset(kept).limit(1).executeTakeFirst();
  if (oldest) await db.deleteFrom('webhook_deliveries').where('id', '<=', oldest.id).execute();
}
