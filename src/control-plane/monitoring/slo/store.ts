import type { Db } from '../../../db/open.ts';
import type { Objective } from './model.ts';

export async function listObjectives(db: Db): Promise<Objective[]> {
  const rows = await db.selectFrom('slos').selectAll().orderBy('deployment').execute();
  return rows.map((row) => ({
    deployment: row.deployment,
    orgId: row.org_id,
    availability: row.availability,
    latency: row.latency_ms === null || row.latency_share === null ? undefined : { ms: row.latency_ms, share: row.latency_share },
    windowDays: row.window_days,
  }));
}

/** One that is there is replaced. */
export async function putObjective(db: Db, { deployment, orgId, availability, latency, windowDays }: Objective): Promise<void> {
  const row = { deployment, org_id: orgId, availability, latency_ms: latency?.ms ?? null, latency_share: latency?.share ?? null, window_days: windowDays };
  await db
    .insertInto('slos')
    .values(row)
    .onConflict((conflict) => conflict.column('deployment').doUpdateSet(row))
    .execute();
}

export async function deleteObjective(db: Db, deployment: string): Promise<void> {
  await db.deleteFrom('slos').where('deployment', '=', deployment).execute();
}
