import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { type Db, type Tx } from '../../db/open.ts';
import type { Catalogue, Listing, Plan, Repriced, Viewer } from '../catalogue/index.ts';
import { type PriceVersion, type Pricing, rises } from '../pricing/index.ts';
import { ALERT_PERCENTS_DEFAULT } from './budget-model.ts';
import { type Counted, countedNow, insertBudget, listBudgets, NOTHING_COUNTED, updateBudget } from './budget-store.ts';
import { alreadySubscribed, keysNotFound, noNextPrice, notActive, ownListing, priceGone, subscriptionNotFound } from './errors.ts';
import type { Subscription } from './model.ts';
import type { Budget } from './budget-model.ts';
import type { Keys } from './ports.ts';
import type { Entitlements } from './service.ts';
import * as store from './subscription-store.ts';

const DAY_MS = 86_400_000;
const LISTED_MAX = 1_000;
/** The wall clock may be set meanwhile, so it is looked at so often at least. */
const LOOK_MS_MAX = 3_600_000;
const LOOK_MS_MIN = 1;
const RETRY_MS = 10_000;

export interface SubscriptionsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly entitlements: Entitlements;
  readonly catalogue: Pick<Catalogue, 'sale' | 'plansOf' | 'own'>;
  readonly pricing: Pick<Pricing, 'newest' | 'versions' | 'priceOf' | 'fetch'>;
  readonly keys: Keys;
  /** Before a price that rises holds for who has subscribed. */
  readonly noticeDays: number;
  /** Told of each organisation whose price will rise, or has changed. */
  priceChanges(change: PriceChange): void;
  /** Told of what went wrong behind a caller's back. */
  problem(error: unknown): void;
}

export interface PriceChange {
  readonly orgId: string;
  readonly deployment: string;
  readonly subscription: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface SubscriptionOrder {
  /** A listing's id, or its deployment's name. */
  readonly listing: string;
  readonly plan?: string;
  /** Keys that may call by it; absent: all of the organisation's, also later ones. */
  readonly keys?: readonly string[];
}

/** A subscription as its organisation sees it. */
export interface SubscriptionView extends Subscription {
  readonly plan: Plan | undefined;
  readonly listing: Listing | undefined;
  readonly price: PriceVersion | undefined;
  readonly nextPrice: PriceVersion | undefined;
  readonly quota: (Budget & Counted) | undefined;
}

/** Contracts: who has subscribed to what, on which terms. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  #disarm: (() => void) | undefined;
  #isClosed = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Begins to watch for prices whose time has come. What is due is applied before this resolves. */
  async start(): Promise<void> {
    await this.#applyDue();
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm?.();
  }

  /** @throws Fault when it is not on offer to the caller, is its own, or was subscribed to already */
  async subscribe(caller: Viewer, { listing: key, plan: planName, keys }: SubscriptionOrder): Promise<SubscriptionView> {
    const { clock, entitlements, catalogue, pricing } = this.#options;
    const { listing, plan } = await catalogue.sale(caller, key, planName);
    if (listing.orgId === caller.orgId) throw ownListing(listing.deployment);
    await this.#checkKeys(caller.orgId, keys);
    const now = clock.now();
    const subscription = await entitlements.change(async (tx) => {
      const known = await store.findActive(tx, caller.orgId, plan.id);
      if (known !== undefined) throw alreadySubscribed(plan.name, known);
      // The newest now: its price may have changed since it was looked at.
      const version = (await pricing.newest(tx, [plan.id])).get(plan.id);
      if (!version?.price) throw priceGone(plan.name);
      const made: Subscription = {
        id: newId('sub', now),
        orgId: caller.orgId,
        planId: plan.id,
        deployment: listing.deployment,
        priceVersion: version.id,
        next: undefined,
        isActive: true,
        allKeys: keys === undefined,
        keys: [...new Set(keys)],
        createdAt: now,
        cancelledAt: undefined,
      };
      const quota = await store.findFormerQuota(tx, caller.orgId, plan.id);
      await store.insertSubscription(tx, made);
      if (plan.quota && quota === undefined) await insertBudget(tx, quotaOf(plan, made));
      if (quota !== undefined) await updateBudget(tx, quota, { subscription_id: made.id });
      return { result: made, orgIds: [caller.orgId] };
    });
    return this.#view(subscription);
  }

  /** Who has subscribed to a listing of the viewer's organisation; operators see any. @throws Fault for another's */
  async subscribers(viewer: Viewer, listing: string): Promise<store.Subscriber[]> {
    const { id } = await this.#options.catalogue.own(viewer, listing);
    return store.listSubscribers(this.#options.db, id, LISTED_MAX);
  }

  /** Its calls are refused when this resolves. */
  async cancel(caller: Viewer, id: string): Promise<void> {
    const { orgId } = await this.#own(caller, id);
    await this.#options.entitlements.change(async (tx) => {
      if (!(await store.cancelSubscription(tx, id, this.#options.clock.now()))) throw notActive(id);
      return { result: undefined, orgIds: [orgId] };
    });
  }

  /** Binds it to these keys, or to all. */
  async bind(caller: Viewer, id: string, keys: readonly string[] | undefined): Promise<SubscriptionView> {
    const { orgId, isActive } = await this.#own(caller, id);
    if (!isActive) throw notActive(id);
    await this.#checkKeys(orgId, keys);
    await this.#options.entitlements.change(async (tx) => {
      await store.replaceKeys(tx, { id, keys: [...new Set(keys)], allKeys: keys === undefined });
      return { result: undefined, orgIds: [orgId] };
    });
    return this.#view(await this.#own(caller, id));
  }

  /** Takes the price that it would come to later, now. */
  async accept(caller: Viewer, id: string): Promise<SubscriptionView> {
    await this.#own(caller, id);
    await this.#options.entitlements.change(async (tx) => {
      const orgIds = await store.moveDue(tx, { now: this.#options.clock.now(), id });
      if (orgIds.length === 0) throw noNextPrice(id);
      return { result: undefined, orgIds };
    });
    return this.#view(await this.#own(caller, id));
  }

  /** The caller's own; an operator sees all. */
  async list(caller: Viewer): Promise<SubscriptionView[]> {
    const seesAll = caller.scopes.includes('operator');
    return this.#views(await store.listSubscriptions(this.#options.db, { ...(!seesAll && { orgId: caller.orgId }), limit: LISTED_MAX }));
  }

  async get(caller: Viewer, id: string): Promise<SubscriptionView> {
    return this.#view(await this.#own(caller, id));
  }

  /** The catalogue's port: a price that rises holds after notice, for each subscription by what it pays now; any other at once. */
  async reprice(planId: string, makeVersion: (tx: Tx) => Promise<PriceVersion>): Promise<Repriced> {
    const { clock, entitlements, pricing, priceChanges } = this.#options;
    const { repriced, changes } = await entitlements.change(async (tx) => {
      const version = await makeVersion(tx);
      const versions = await pricing.versions(tx, [planId]);
      const result = { version, movedNow: 0, movedLater: 0, effectiveAt: undefined as number | undefined };
      for (const from of await store.versionsInUse(tx, planId)) {
        if (from.version === version.id || from.next?.version === version.id) continue;
        const at = this.#noticeFor(versions, from, version);
        await store.moveVersion(tx, { planId, from, to: version.id, at });
        if (at === undefined) result.movedNow += from.subscriptions;
        else result.movedLater += from.subscriptions;
        if (at !== undefined) result.effectiveAt = Math.max(at, result.effectiveAt ?? 0);
      }
      const active = result.movedNow + result.movedLater > 0 ? await store.listOfPlan(tx, planId) : [];
      // Another share for the publisher is nothing to who pays.
      const isTold = !hasSameRates(
        versions.findLast(({ number, price }) => number < version.number && price !== undefined),
        version,
      );
      const changes = (isTold ? active : []).map(({ id, orgId, deployment, next }) => ({ orgId, deployment, subscription: id, at: next?.at ?? clock.now() }));
      return { result: { repriced: result, changes }, orgIds: [...new Set(active.map(({ orgId }) => orgId))] };
    });
    for (const change of changes) priceChanges(change);
    this.#arm();
    return repriced;
  }

  /** When those on `from` come to the version; undefined: at once. */
  #noticeFor(versions: readonly PriceVersion[], from: store.VersionsInUse, version: PriceVersion): number | undefined {
    const { clock, noticeDays } = this.#options;
    const number = versions.find(({ id }) => id === from.version)?.number ?? 0;
    // What they have agreed to last, if theirs can't be read.
    const current = versions.findLast((other) => other.number <= number && other.price)?.price;
    if (!current || !version.price || noticeDays === 0 || !rises(current.rates, version.price.rates)) return undefined;
    const coming = versions.find(({ id }) => id === from.next?.version)?.price;
    // They have had notice already of a price that is as high.
    if (from.next && coming && !rises(coming.rates, version.price.rates)) return from.next.at;
    return clock.now() + noticeDays * DAY_MS;
  }

  async #applyDue(): Promise<void> {
    const { clock, entitlements, problem } = this.#options;
    try {
      const now = clock.now();
      const due = entitlements.dueOrgs(now);
      // Another server may have moved them: then they are looked at anew all the same.
      if (due.length > 0) await entitlements.change(async (tx) => ({ result: undefined, orgIds: [...new Set([...due, ...(await store.moveDue(tx, { now }))])] }));
      this.#arm();
    } catch (error) {
      problem(error);
      this.#arm(RETRY_MS);
    }
  }

  #arm(ms?: number): void {
    const { clock, entitlements } = this.#options;
    this.#disarm?.();
    if (this.#isClosed) return;
    const due = entitlements.nextDueAt();
    if (due === undefined) return;
    const left = Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, due - clock.now()));
    this.#disarm = clock.timer(ms ?? left, () => void this.#applyDue());
  }

  async #own(caller: Viewer, id: string): Promise<Subscription> {
    const found = await store.findSubscription(this.#options.db, id);
    if (!found || (found.orgId !== caller.orgId && !caller.scopes.includes('operator'))) throw subscriptionNotFound(id);
    return found;
  }

  async #checkKeys(orgId: string, keys: readonly string[] | undefined): Promise<void> {
    if (!keys) return;
    const own = new Set((await this.#options.keys.listKeys(orgId)).map(({ id }) => id));
    const missing = keys.find((id) => !own.has(id));
    if (missing !== undefined) throw keysNotFound(missing);
  }

  async #view(subscription: Subscription): Promise<SubscriptionView> {
    const [view] = await this.#views([subscription]);
    if (!view) throw subscriptionNotFound(subscription.id);
    return view;
  }

  async #views(subscriptions: readonly Subscription[]): Promise<SubscriptionView[]> {
    const { db, clock, catalogue, pricing } = this.#options;
    const planIds = subscriptions.map(({ planId }) => planId);
    const plans = await catalogue.plansOf(db, planIds);
    const versions = new Map((await pricing.versions(db, [...new Set(planIds)])).map((version) => [version.id, version]));
    const orgIds = new Set(subscriptions.map(({ orgId }) => orgId));
    const budgets = await listBudgets(db, orgIds.size === 1 ? { orgId: [...orgIds][0] ?? '' } : {});
    const quotas = new Map(budgets.flatMap((budget) => (budget.subscription === undefined ? [] : [[budget.subscription, budget] as const])));
    const counted = await countedNow(db, quotas.values().toArray(), clock.now());
    return subscriptions.map((subscription) => {
      const quota = quotas.get(subscription.id);
      return {
        ...subscription,
        plan: plans.get(subscription.planId)?.plan,
        listing: plans.get(subscription.planId)?.listing,
        price: versions.get(subscription.priceVersion),
        nextPrice: subscription.next && versions.get(subscription.next.version),
        quota: quota && { ...quota, ...(counted.get(quota.id) ?? NOTHING_COUNTED) },
      };
    });
  }
}

function hasSameRates(before: PriceVersion | undefined, after: PriceVersion): boolean {
  return before?.price !== undefined && after.price !== undefined && !rises(before.price.rates, after.price.rates) && !rises(after.price.rates, before.price.rates);
}

/** The budget that counts what a free plan gives. */
function quotaOf({ quota }: Plan, { id, orgId, createdAt }: Subscription): Budget {
  if (!quota) throw new Error('a plan without a quota has no budget');
  return {
    id: newId('bgt', createdAt),
    orgId,
    keyId: undefined,
    subscription: id,
    unit: quota.unit,
    limitAmount: quota.amount,
    period: quota.period,
    isHard: true,
    alertPercents: ALERT_PERCENTS_DEFAULT,
    createdAt,
    removedAt: undefined,
  };
}
