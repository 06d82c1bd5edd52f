import type { Selectable } from 'kysely';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { StoredVersion } from './model.ts';

type On = Db | Tx;

/** Parameters of one statement are bounded; so many ids are asked for at a time. */
const IDS_PER_STATEMENT = 500;

export interface WhichVersions {
  readonly planIds?: readonly string[];
  /** Of the plans that these versions are of. */
  readonly plansOf?: readonly string[];
}

/** All versions of the plans named, or of all, in the order of their numbers. */
export async function listVersions(on: On, { planIds, plansOf }: WhichVersions = {}): Promise<StoredVersion[]> {
  const all = on.selectFrom('price_versions').selectAll().orderBy('plan_id').orderBy('number');
  if (planIds) return inParts(planIds, (ids) => all.where('plan_id', 'in', ids).execute());
  if (plansOf) return inParts(plansOf, (ids) => all.where('plan_id', 'in', on.selectFrom('price_versions').select('plan_id').where('id', 'in', ids)).execute());
  return (await all.execute()).map(versionOf);
}

async function inParts(ids: readonly string[], read: (part: readonly string[]) => Promise<Selectable<Schema['price_versions']>[]>): Promise<StoredVersion[]> {
  const rows: Selectable<Schema['price_versions']>[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT) rows.push(...(await read(ids.slice(from, from + IDS_PER_STATEMENT))));
  return rows.map(versionOf);
}

export async function insertVersion(on: Tx, version: StoredVersion): Promise<void> {
  await on
    .insertInto('price_versions')
    .values({
      id: version.id,
      plan_id: version.planId,
      number: version.number,
      currency: version.currency,
      rates: version.rates,
      publisher_org_id: version.publisher,
      publisher_basis_points: version.publisherBasisPoints,
      tax_basis_points: version.taxBasisPoints,
      is_confirmed: Number(version.isConfirmed),
      created_by: version.createdBy,
      created_at: version.createdAt,
    })
    .execute();
}

function versionOf(row: Selectable<Schema['price_versions']>): StoredVersion {
  return {
    id: row.id,
    planId: row.plan_id,
    number: row.number,
    currency: row.currency,
    rates: row.rates,
    publisher: row.publisher_org_id,
    publisherBasisPoints: row.publisher_basis_points,
    taxBasisPoints: row.tax_basis_points,
    isConfirmed: row.is_confirmed === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}
