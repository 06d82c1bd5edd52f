import type { Selectable } from 'kysely';
import type { KeyLimits, Scope } from '../../contract/feeds.ts';
import { isOneOf } from '../../db/dialect.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Member, Organisation, Role, StoredKey } from './model.ts';

type On = Db | Tx;

export async function insertOrg(on: On, { id, name, createdAt }: Organisation): Promise<void> {
  await on.insertInto('organisations').values({ id, name, created_at: createdAt }).execute();
}

export async function orgByName(on: On, name: string): Promise<Organisation | undefined> {
  const row = await on.selectFrom('organisations').selectAll().where('name', '=', name).executeTakeFirst();
  return row && { id: row.id, name: row.name, createdAt: row.created_at };
}

export async function listOrgs(on: On): Promise<Organisation[]> {
  const rows = await on.selectFrom('organisations').selectAll().orderBy('name').execute();
  return rows.map((row) => ({ id: row.id, name: row.name, createdAt: row.created_at }));
}

export async function insertMember(on: On, { id, orgId, name, role, createdAt }: Member): Promise<void> {
  await on.insertInto('members').values({ id, org_id: orgId, name, role, created_at: createdAt }).execute();
}

export async function listMembers(on: On, orgId: string): Promise<Member[]> {
  const rows = await on.selectFrom('members').selectAll().where('org_id', '=', orgId).orderBy('name').execute();
  return rows.map((row) => ({ id: row.id, orgId: row.org_id, name: row.name, role: row.role as Role, createdAt: row.created_at }));
}

export async function deleteMember(on: On, orgId: string, id: string): Promise<boolean> {
  const result = await on.deleteFrom('members').where('org_id', '=', orgId).where('id', '=', id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export async function insertKey(on: On, key: Omit<StoredKey, 'orgName'>): Promise<void> {
  await on
    .insertInto('keys')
    .values({
      id: key.id,
      org_id: key.orgId,
      name: key.name,
      hash: key.hash,
      prefix: key.prefix,
      last4: key.last4,
      scopes: JSON.stringify(key.scopes),
      allowed_models: key.allowedModels && JSON.stringify(key.allowedModels),
      limits: JSON.stringify(key.limits),
      created_at: key.createdAt,
      expires_at: key.expiresAt,
      revoked_at: key.revokedAt,
      replaced_by: key.replacedBy,
    })
    .execute();
}

const keyRows = (on: On) => on.selectFrom('keys').innerJoin('organisations', 'organisations.id', 'keys.org_id').selectAll('keys').select('organisations.name as org_name');

export async function listKeys(on: On, orgId: string): Promise<StoredKey[]> {
  return (await keyRows(on).where('org_id', '=', orgId).orderBy('keys.created_at').execute()).map(keyOf);
}

/** All keys that are not revoked, of all organisations: what the callers feed is made of. */
export async function listUnrevoked(on: On, orgIds?: readonly string[]): Promise<StoredKey[]> {
  const unrevoked = keyRows(on).where('revoked_at', 'is', null);
  return (await (orgIds ? unrevoked.where(isOneOf(on, 'keys.org_id', orgIds)) : unrevoked).execute()).map(keyOf);
}

/** Keys that were rotated, with those that replaced them; the oldest first. */
export async function listReplacements(on: On): Promise<(readonly [key: string, by: string])[]> {
  const rows = await on.selectFrom('keys').select(['id', 'replaced_by']).where('replaced_by', 'is not', null).orderBy('created_at').orderBy('id').execute();
  return rows.map(({ id, replaced_by: by }) => [id, by ?? '']);
}

export async function keyById(on: On, id: string): Promise<StoredKey | undefined> {
  const row = await keyRows(on).where('keys.id', '=', id).executeTakeFirst();
  return row && keyOf(row);
}

export async function updateKey(on: On, id: string, change: { revoked_at?: number; expires_at?: number; replaced_by?: string }): Promise<void> {
  await on.updateTable('keys').set(change).where('id', '=', id).execute();
}

function keyOf(row: Selectable<Schema['keys']> & { org_name: string }): StoredKey {
  return {
    id: row.id,
    orgId: row.org_id,
    orgName: row.org_name,
    name: row.name,
    hash: row.hash,
    prefix: row.prefix,
    last4: row.last4,
    scopes: JSON.parse(row.scopes) as Scope[],
    allowedModels: row.allowed_models === null ? null : (JSON.parse(row.allowed_models) as string[]),
    limits: JSON.parse(row.limits) as KeyLimits,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    replacedBy: row.replaced_by,
  };
}
