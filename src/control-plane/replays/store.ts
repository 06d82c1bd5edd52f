import type { Db } from '../../db/open.ts';
import type { Answer, CallOfKey, Claim, Replay } from './model.ts';

export interface Owner {
  readonly gateway: string;
  readonly epoch: number;
}

/** Returns false when the key is taken. */
export async function insert(on: Db, { orgId, key, bodyHash, requestId }: Claim, owner: Owner & { readonly now: number }): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await on
    .insertInto('replays')
    .values({
      org_id: orgId,
      idempotency_key: key,
      body_hash: bodyHash,
      request_id: requestId,
      gateway: owner.gateway,
      epoch: owner.epoch,
      state: 'running',
      status: null,
      headers: null,
      body: null,
      created_at: owner.now,
    })
    .onConflict((conflict) => conflict.columns(['org_id', 'idempotency_key']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function find(on: Db, { orgId, key }: Pick<Claim, 'orgId' | 'key'>): Promise<Replay | undefined> {
  const row = await on.selectFrom('replays').selectAll().where('org_id', '=', orgId).where('idempotency_key', '=', key).executeTakeFirst();
  if (!row) return undefined;
  const { status, headers, body } = row;
  const answer =
    status === null || headers === null || body === null ? undefined : { status, headers: JSON.parse(headers) as Answer['headers'], body: Buffer.from(body, 'base64') };
  return { orgId, key, bodyHash: row.body_hash, requestId: row.request_id, state: row.state as Replay['state'], answer, createdAt: row.created_at };
}

/** Ends a running call's row. `answer`: undefined where it is too large. The body is base64, because a text column can not hold every byte. */
export async function keep(on: Db, { orgId, key, requestId }: Claim, answer: Answer | undefined): Promise<void> {
  const kept = answer && { status: answer.status, headers: JSON.stringify(answer.headers), body: answer.body.toString('base64') };
  await on
    .updateTable('replays')
    .set({ state: 'done', ...kept })
    .where('org_id', '=', orgId)
    .where('idempotency_key', '=', key)
    .where('request_id', '=', requestId)
    .execute();
}

export async function lose(on: Db, { orgId, key, requestId }: CallOfKey): Promise<void> {
  await on
    .updateTable('replays')
    .set({ state: 'lost' })
    .where('org_id', '=', orgId)
    .where('idempotency_key', '=', key)
    .where('request_id', '=', requestId)
    .where('state', '=', 'running')
    .execute();
}

/** Frees a running call's key. */
export async function release(on: Db, { orgId, key, requestId }: CallOfKey): Promise<void> {
  await on.deleteFrom('replays').where('org_id', '=', orgId).where('idempotency_key', '=', key).where('request_id', '=', requestId).where('state', '=', 'running').execute();
}

/** Running calls of a gateway, of this process and of former ones. */
export async function listRunning(on: Db, gateway: string): Promise<CallOfKey[]> {
  return on
    .selectFrom('replays')
    .select(['org_id as orgId', 'idempotency_key as key', 'request_id as requestId'])
    .where('gateway', '=', gateway)
    .where('state', '=', 'running')
    .execute();
}

export async function removeBefore(on: Db, createdAt: number): Promise<void> {
  await on.deleteFrom('replays').where('created_at', '<=', createdAt).execute();
}
