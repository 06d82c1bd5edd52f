import type { Selectable } from 'kysely';
import type { KeyLimits } from '../../contract/feeds.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Listing, ListingState, Plan, Quota } from './model.ts';

type On = Db | Tx;

const IDS_PER_STATEMENT = 500;

export async function insertListing(on: On, listing: Listing): Promise<void> {
  await on.insertInto('listings').values(rowOf(listing)).execute();
}

/** Writes what is said of a listing, and its state if it is still the one that was looked at. Returns whether it was. */
export async function updateListing(on: On, listing: Listing, from: ListingState): Promise<boolean> {
  const { id, ...row } = rowOf(listing);
  const { numUpdatedRows } = await on.updateTable('listings').set(row).where('id', '=', id).where('state', '=', from).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** By its id, or its deployment's name. */
export async function findListing(on: On, key: string): Promise<Listing | undefined> {
  const rows = await on
    .selectFrom('listings')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', key), eb('deployment', '=', key)]))
    .execute();
  const row = rows.find(({ id }) => id === key) ?? rows[0];
  return row && listingOf(row);
}

export interface WhichListings {
  readonly orgId?: string;
  readonly state?: ListingState;
  readonly limit: number;
}

/** The newest first; without their cards, which may be long. */
export async function listListings(on: On, { orgId, state, limit }: WhichListings): Promise<Listing[]> {
  const rows = await on
    .selectFrom('listings')
    .select([
      'id',
      'deployment',
      'org_id',
      'title',
      'summary',
      'licence',
      'tags',
      'visibility',
      'visible_to',
      'publisher_basis_points',
      'state',
      'reason',
      'created_at',
      'updated_at',
    ])
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => listingOf({ ...row, card: '' }));
}

export async function listingsByIds(on: On, ids: readonly string[]): Promise<Map<string, Listing>> {
  const found = new Map<string, Listing>();
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT) {
    const rows = await on
      .selectFrom('listings')
      .selectAll()
      .where('id', 'in', ids.slice(from, from + IDS_PER_STATEMENT))
      .execute();
    for (const row of rows) found.set(row.id, listingOf(row));
  }
  return found;
}

export async function insertPlan(on: Tx, { id, listingId, name, kind, quota, limits, isOpen, createdAt }: Plan): Promise<void> {
  await on
    .insertInto('plans')
    .values({
      id,
      listing_id: listingId,
      name,
      kind,
      quota_unit: quota?.unit ?? null,
      quota_amount: quota?.amount ?? null,
      quota_period: quota?.period ?? null,
      limits: JSON.stringify(limits),
      is_open: Number(isOpen),
      created_at: createdAt,
    })
    .execute();
}

export async function setOpen(on: On, id: string, isOpen: boolean): Promise<void> {
  await on
    .updateTable('plans')
    .set({ is_open: Number(isOpen) })
    .where('id', '=', id)
    .execute();
}

/** In the order in which they were made. Of these ids, of these listings, or all. */
export async function listPlans(on: On, which: { readonly ids?: readonly string[]; readonly listingIds?: readonly string[] } = {}): Promise<Plan[]> {
  const all = on.selectFrom('plans').selectAll().orderBy('created_at').orderBy('id');
  const column = which.ids ? ('id' as const) : ('listing_id' as const);
  const keys = which.ids ?? which.listingIds;
  if (!keys) return (await all.execute()).map(planOf);
  const plans: Plan[] = [];
  for (let from = 0; from < keys.length; from += IDS_PER_STATEMENT) {
    const rows = await all.where(column, 'in', keys.slice(from, from + IDS_PER_STATEMENT)).execute();
    plans.push(...rows.map(planOf));
  }
  return plans;
}

function rowOf(listing: Listing): Schema['listings'] {
  return {
    id: listing.id,
    deployment: listing.deployment,
    org_id: listing.orgId,
    title: listing.title,
    summary: listing.summary,
    card: listing.card,
    licence: listing.licence,
    tags: JSON.stringify(listing.tags),
    visibility: listing.visibility,
    visible_to: JSON.stringify(listing.visibleTo),
    publisher_basis_points: listing.publisherBasisPoints ?? null,
    state: listing.state,
    reason: listing.reason,
    created_at: listing.createdAt,
    updated_at: listing.updatedAt,
  };
}

function listingOf(row: Selectable<Schema['listings']>): Listing {
  return {
    id: row.id,
    deployment: row.deployment,
    orgId: row.org_id,
    title: row.title,
    summary: row.summary,
    card: row.card,
    licence: row.licence,
    tags: JSON.parse(row.tags) as string[],
    visibility: row.visibility as Listing['visibility'],
    visibleTo: JSON.parse(row.visible_to) as string[],
    publisherBasisPoints: row.publisher_basis_points ?? undefined,
    state: row.state as ListingState,
    reason: row.reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function planOf(row: Selectable<Schema['plans']>): Plan {
  return {
    id: row.id,
    listingId: row.listing_id,
    name: row.name,
    kind: row.kind as Plan['kind'],
    quota:
      row.quota_unit === null ? undefined : { unit: row.quota_unit as Quota['unit'], amount: row.quota_amount ?? 0n, period: (row.quota_period ?? 'total') as Quota['period'] },
    limits: JSON.parse(row.limits) as KeyLimits,
    isOpen: row.is_open === 1,
    createdAt: row.created_at,
  };
}
