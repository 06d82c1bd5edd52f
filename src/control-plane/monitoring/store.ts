import type { Db } from '../../db/open.ts';
import type { EventQuery, ReplicaEvent } from './model.ts';

export async function insertEvents(db: Db, events: readonly ReplicaEvent[]): Promise<void> {
  const rows = events.map(({ orgId, ...event }) => ({ ...event, org_id: orgId }));
  await db.insertInto('events').values(rows).execute();
}

export async function lastSeq(db: Db): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Forgets all up to `seq`. */
export async function deleteUpTo(db: Db, seq: number): Promise<void> {
  await db.deleteFrom('events').where('seq', '<=', seq).execute();
}

/** In order of writing: the first after `after`, or the last of all. */
export async function listEvents(db: Db, { orgId, deployment, after }: EventQuery, rowsMax: number): Promise<ReplicaEvent[]> {
  const rows = await db
    .selectFrom('events')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(deployment !== undefined, (query) => query.where('deployment', '=', deployment ?? ''))
    .$if(after !== undefined, (query) => query.where('seq', '>', after ?? 0))
    .orderBy('seq', after === undefined ? 'desc' : 'asc')
    .limit(rowsMax)
    .execute();
  const events = rows.map(({ org_id: org, ...row }) => ({ ...row, orgId: org }));
  return after === undefined ? events.toReversed() : events;
}
