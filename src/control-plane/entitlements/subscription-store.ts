import type { Db, Tx } from '../../db/open.ts';
import type { Schema } from '../../db/schema.ts';
import type { Subscription } from './model.ts';

type On = Db | Tx;
const IDS_PER_STATEMENT = 500;

export async function insertSubscription(on: Tx, subscription: Subscription): Promise<void> {
  const { id, orgId, planId, deployment, priceVersion, allKeys, createdAt } = subscription;
  await on
    .insertInto('subscriptions')
    .values({
      id,
      org_id: orgId,
      plan_id: planId,
      deployment,
      price_version: priceVersion,
      next_price_version: null,
      next_at: null,
      state: 'active',
      all_keys: Number(allKeys),
      created_at: createdAt,
      cancelled_at: null,
    })
    .execute();
  await insertKeys(on, subscription);
}

async function insertKeys(on: Tx, { id, keys }: Pick<Subscription, 'id' | 'keys'>): Promise<void> {
  const rows = keys.map((key) => ({ subscription_id: id, key_id: key }));
  if (rows.length > 0) await on.insertInto('subscription_keys').values(rows).execute();
}

/** Binds other keys to it than before. */
export async function replaceKeys(on: Tx, subscription: Pick<Subscription, 'id' | 'keys' | 'allKeys'>): Promise<void> {
  await on.deleteFrom('subscription_keys').where('subscription_id', '=', subscription.id).execute();
  await insertKeys(on, subscription);
  await on
    .updateTable('subscriptions')
    .set({ all_keys: Number(subscription.allKeys) })
    .where('id', '=', subscription.id)
    .execute();
}

/** Ends an active one, once. Returns whether it was active. */
export async function cancelSubscription(on: Tx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await on
    .updateTable('subscriptions')
    .set({ state: 'cancelled', cancelled_at: now, next_price_version: null, next_at: null })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function findSubscription(on: On, id: string): Promise<Subscription | undefined> {
  const rows = await on.selectFrom('subscriptions').selectAll().where('id', '=', id).execute();
  return (await withKeys(on, rows))[0];
}

/** An organisation's, or all; the newest first. */
export async function listSubscriptions(on: On, { orgId, limit }: { readonly orgId?: string; readonly limit: number }): Promise<Subscription[]> {
  const rows = await on
    .selectFrom('subscriptions')
    .selectAll()
    .$if(orgId !== undefined, (query) => query.where('org_id', '=', orgId ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return withKeys(on, rows);
}

/** One that has subscribed, as who sells sees it. */
export interface Subscriber {
  readonly id: string;
  readonly org: string;
  readonly plan: string;
  readonly priceVersion: string;
  readonly isActive: boolean;
  readonly createdAt: number;
}

/** Who has subscribed to a listing, the newest first. */
export async function listSubscribers(on: On, listingId: string, limit: number): Promise<Subscriber[]> {
  const rows = await on
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .innerJoin('organisations', 'organisations.id', 'subscriptions.org_id')
    .select(['subscriptions.id as id', 'organisations.name as org', 'plans.name as plan', 'price_version', 'state', 'subscriptions.created_at as created_at'])
    .where('plans.listing_id', '=', listingId)
    .orderBy('subscriptions.created_at', 'desc')
    .orderBy('subscriptions.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ price_version: priceVersion, state, created_at: createdAt, ...row }) => ({ ...row, priceVersion, isActive: state === 'active', createdAt }));
}

/** Active ones of these organisations, or of all. */
export async function listActive(on: On, orgIds?: readonly string[]): Promise<Subscription[]> {
  const active = on.selectFrom('subscriptions').selectAll().where('state', '=', 'active');
  if (!orgIds) return withKeys(on, await active.execute());
  const found: Subscription[] = [];
  for (let from = 0; from < orgIds.length; from += IDS_PER_STATEMENT) {
    const rows = await active.where('org_id', 'in', orgIds.slice(from, from + IDS_PER_STATEMENT)).execute();
    found.push(...(await withKeys(on, rows)));
  }
  return found;
}

export async function findActive(on: On, orgId: string, planId: string): Promise<string | undefined> {
  const row = await on.selectFrom('subscriptions').select('id').where('org_id', '=', orgId).where('plan_id', '=', planId).where('state', '=', 'active').executeTakeFirst();
  return row?.id;
}

/** The quota that an organisation had under an earlier subscription to the plan: subscribing anew does not fill it. */
export async function findFormerQuota(on: On, orgId: string, planId: string): Promise<string | undefined> {
  const row = await on
    .selectFrom('budgets')
    .innerJoin('subscriptions', 'subscriptions.id', 'budgets.subscription_id')
    .select('budgets.id as id')
    .where('subscriptions.org_id', '=', orgId)
    .where('subscriptions.plan_id', '=', planId)
    .executeTakeFirst();
  return row?.id;
}

/** Which versions active subscriptions to a plan are on, and come to. */
export interface VersionsInUse {
  readonly version: string;
  readonly next: { readonly version: string; readonly at: number } | undefined;
  readonly subscriptions: number;
}

export async function versionsInUse(on: Tx, planId: string): Promise<VersionsInUse[]> {
  const rows = await on
    .selectFrom('subscriptions')
    .select(({ fn }) => ['price_version', 'next_price_version', 'next_at', fn.countAll<number>().as('subscriptions')])
    .where('plan_id', '=', planId)
    .where('state', '=', 'active')
    .groupBy(['price_version', 'next_price_version', 'next_at'])
    .execute();
  return rows.map((row) => ({ version: row.price_version, next: nextOf(row), subscriptions: row.subscriptions }));
}

/** Moves the active subscriptions to a plan that are on `from` to another version, or has them come to it at `at`. */
export async function moveVersion(
  on: Tx,
  { planId, from, to, at }: { readonly planId: string; readonly from: VersionsInUse; readonly to: string; readonly at: number | undefined },
): Promise<void> {
  const set = at === undefined ? { price_version: to, next_price_version: null, next_at: null } : { next_price_version: to, next_at: at };
  await on
    .updateTable('subscriptions')
    .set(set)
    .where('plan_id', '=', planId)
    .where('state', '=', 'active')
    .where('price_version', '=', from.version)
    .where('next_price_version', from.next ? '=' : 'is', from.next?.version ?? null)
    .where('next_at', from.next ? '=' : 'is', from.next?.at ?? null)
    .execute();
}

/** Active ones to a plan. */
export async function listOfPlan(on: Tx, planId: string): Promise<Subscription[]> {
  return withKeys(on, await on.selectFrom('subscriptions').selectAll().where('plan_id', '=', planId).where('state', '=', 'active').execute());
}

/** Moves active subscriptions whose time has come, or this one of any time, to the version that they come to. Returns whose they are. */
export async function moveDue(on: Tx, { now, id }: { readonly now: number; readonly id?: string }): Promise<string[]> {
  const rows = await on
    .updateTable('subscriptions')
    .set((eb) => ({ price_version: eb.ref('next_price_version').$castTo<string>(), next_price_version: null, next_at: null }))
    .where('state', '=', 'active')
    .where('next_price_version', 'is not', null)
    .$if(id === undefined, (query) => query.where('next_at', '<=', now))
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .returning('org_id')
    .execute();
  return [...new Set(rows.map(({ org_id: orgId }) => orgId))];
}

async function withKeys(on: On, rows: readonly Schema['subscriptions'][]): Promise<Subscription[]> {
  const bound = rows.filter((row) => row.all_keys === 0).map(({ id }) => id);
  const keys = new Map<string, string[]>();
  for (let from = 0; from < bound.length; from += IDS_PER_STATEMENT) {
    const found = await on
      .selectFrom('subscription_keys')
      .selectAll()
      .where('subscription_id', 'in', bound.slice(from, from + IDS_PER_STATEMENT))
      .orderBy('key_id')
      .execute();
    for (const { subscription_id: id, key_id: key } of found) keys.set(id, [...(keys.get(id) ?? []), key]);
  }
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    planId: row.plan_id,
    deployment: row.deployment,
    priceVersion: row.price_version,
    next: nextOf(row),
    isActive: row.state === 'active',
    allKeys: row.all_keys === 1,
    keys: keys.get(row.id) ?? [],
    createdAt: row.created_at,
    cancelledAt: row.cancelled_at ?? undefined,
  }));
}

function nextOf({ next_price_version: version, next_at: at }: Pick<Schema['subscriptions'], 'next_price_version' | 'next_at'>): Subscription['next'] {
  return version === null || at === null ? undefined : { version, at };
}
