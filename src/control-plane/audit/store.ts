import { type Selectable, sql } from 'kysely';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Entry, SignedHead } from './model.ts';

type On = Db | Tx;

/** The newest state. Whoever reads it here has the log to itself until the transaction ends, on any database. */
export async function lockHead(on: Tx): Promise<SignedHead> {
  const row = await on
    .updateTable('audit_head')
    .set({ seq: sql<number>`seq` })
    .where('id', '=', 1)
    .returningAll()
    .executeTakeFirstOrThrow();
  return headOf(row);
}

export async function readHead(on: On): Promise<SignedHead> {
  return headOf(await on.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirstOrThrow());
}

export async function writeHead(on: Tx, { seq, hash, archivedSeq, archivedHash, signer, signature }: SignedHead): Promise<void> {
  await on.updateTable('audit_head').set({ seq, hash, archived_seq: archivedSeq, archived_hash: archivedHash, signer, signature }).where('id', '=', 1).execute();
}

export async function insertEntry(on: Tx, { orgId, keyId, requestId, ...entry }: Entry): Promise<void> {
  await on
    .insertInto('audit_entries')
    .values({ ...entry, org_id: orgId, key_id: keyId, request_id: requestId })
    .execute();
}

/** In order, from after a number. */
export async function pageAfter(on: On, seq: number, limit: number): Promise<Entry[]> {
  return (await on.selectFrom('audit_entries').selectAll().where('seq', '>', seq).orderBy('seq').limit(limit).execute()).map(entryOf);
}

/** The newest first, before a number; of one organisation's keys, or of all. */
export async function listEntries(on: On, { orgId, before, limit }: { readonly orgId: string | undefined; readonly before: number; readonly limit: number }): Promise<Entry[]> {
  const rows = on.selectFrom('audit_entries').selectAll().where('seq', '<', before).orderBy('seq', 'desc').limit(limit);
  return (await (orgId === undefined ? rows : rows.where('org_id', '=', orgId)).execute()).map(entryOf);
}

/** The database lets go only what the head says is archived. */
export async function deleteUpTo(on: Tx, seq: number): Promise<void> {
  await on.deleteFrom('audit_entries').where('seq', '<=', seq).execute();
}

function entryOf({ org_id: orgId, key_id: keyId, request_id: requestId, ...row }: Selectable<Schema['audit_entries']>): Entry {
  return { ...row, orgId, keyId, requestId };
}

function headOf({ seq, hash, archived_seq: archivedSeq, archived_hash: archivedHash, signer, signature }: Selectable<Schema['audit_head']>): SignedHead {
  return { seq, hash, archivedSeq, archivedHash, signer, signature };
}
