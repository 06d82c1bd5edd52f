import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { KeyLimits } from '../../contract/feeds.ts';
import type { PriceUnit, Rates } from '../../contract/price.ts';
import { type Db, transact } from '../../db/open.ts';
import { isAboveNothing, type PriceVersion, type Pricing } from '../pricing/index.ts';
import { listingNotFound, noQuota, noRates, planExists, planNotFound, quotaCountsNothing, quotaOfPaid, ratesCountNothing, ratesOfFree, tooManyPlans } from './errors.ts';
import { isOwner, type Listing, type Plan, type PricedPlan, type Quota, type Viewer } from './model.ts';
import type { Contracts, Repriced } from './ports.ts';
import * as store from './store.ts';

const PLANS_MAX = 20;

export interface PlanOrder {
  readonly name: string;
  readonly kind: Plan['kind'];
  readonly quota?: Quota;
  readonly rates?: Rates;
  readonly limits?: KeyLimits;
}

export interface PlansOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly pricing: Pricing;
  readonly contracts: Contracts;
  shareOf(listing: Listing): number;
  taskOf(listing: Listing): string | undefined;
  listing(id: string): Promise<Listing | undefined>;
  /** Plans or prices are others than before. */
  changed(): Promise<void>;
}

/** A listing's plans and their prices. */
export class Plans {
  readonly #options: PlansOptions;

  constructor(options: PlansOptions) {
    this.#options = options;
  }

  /** Adds a plan with its first price; a free one's charges nothing, explicitly. */
  async add(viewer: Viewer, listingKey: string, order: PlanOrder): Promise<PricedPlan> {
    const { db, clock, pricing, listing: find, shareOf } = this.#options;
    const listing = await find(listingKey);
    if (!listing || !isOwner(viewer, listing)) throw listingNotFound(listingKey);
    const rates = checkOrder(order, this.#options.taskOf(listing));
    const others = await store.listPlans(db, { listingIds: [listing.id] });
    if (others.some(({ name }) => name === order.name)) throw planExists(order.name);
    if (others.length >= PLANS_MAX) throw tooManyPlans(PLANS_MAX);
    const now = clock.now();
    const plan: Plan = {
      id: newId('plan', now),
      listingId: listing.id,
      name: order.name,
      kind: order.kind,
      quota: order.quota,
      limits: order.limits ?? {},
      isOpen: true,
      createdAt: now,
    };
    const version = await transact(db, async (tx) => {
      await store.insertPlan(tx, plan);
      return pricing.add(tx, { planId: plan.id, rates, publisher: listing.orgId, publisherBasisPoints: shareOf(listing), createdBy: viewer.keyId, isConfirmed: false });
    });
    await this.#options.changed();
    return { ...plan, version };
  }

  /** Opens a plan to new subscriptions, or closes it. */
  async open(viewer: Viewer, id: string, isOpen: boolean): Promise<PricedPlan> {
    const { db, pricing, changed } = this.#options;
    const { plan } = await this.#own(viewer, id);
    await store.setOpen(db, id, isOpen);
    await changed();
    return { ...plan, isOpen, version: (await pricing.newest(db, [id])).get(id) };
  }

  /** Makes a new version of a plan's price: for new subscriptions at once, for the others when notice has been given. @throws Fault `price_jump` for one that is not confirmed */
  async setPrice(
    viewer: Viewer,
    id: string,
    { rates, isConfirmed }: { readonly rates: Rates; readonly isConfirmed: boolean },
  ): Promise<Repriced & { readonly listing: Listing; readonly plan: Plan }> {
    const { pricing, contracts, shareOf, changed } = this.#options;
    const { plan, listing } = await this.#own(viewer, id);
    if (plan.kind === 'free') throw ratesOfFree();
    if (!isAboveNothing(rates)) throw noRates();
    const order = { planId: id, rates, publisher: listing.orgId, publisherBasisPoints: shareOf(listing), createdBy: viewer.keyId, isConfirmed };
    const repriced = await contracts.reprice(id, (tx) => pricing.add(tx, order));
    await changed();
    return { ...repriced, listing, plan };
  }

  /** All versions of a plan's price, the first one first; its owner's to see. */
  async versions(viewer: Viewer, id: string): Promise<PriceVersion[]> {
    await this.#own(viewer, id);
    return this.#options.pricing.versions(this.#options.db, [id]);
  }

  /** Gives the plans' prices the listing's share, where it is another. Rates stay, so nobody is charged more. */
  async reshare(viewer: Viewer, listing: Listing): Promise<void> {
    const { db, pricing, contracts, shareOf } = this.#options;
    const plans = await store.listPlans(db, { listingIds: [listing.id] });
    const newest = await pricing.newest(
      db,
      plans.map(({ id }) => id),
    );
    for (const { id } of plans) {
      const price = newest.get(id)?.price;
      const publisherBasisPoints = shareOf(listing);
      if (!price || price.publisherBasisPoints === publisherBasisPoints) continue;
      const order = { planId: id, rates: price.rates, publisher: listing.orgId, publisherBasisPoints, createdBy: viewer.keyId, isConfirmed: false };
      await contracts.reprice(id, (tx) => pricing.add(tx, order));
    }
  }

  async #own(viewer: Viewer, id: string): Promise<{ readonly plan: Plan; readonly listing: Listing }> {
    const [plan] = await store.listPlans(this.#options.db, { ids: [id] });
    const listing = plan && (await this.#options.listing(plan.listingId));
    if (!plan || !listing || !isOwner(viewer, listing)) throw planNotFound(id);
    return { plan, listing };
  }
}

/** What calls of a task never use. */
const UNUSED: Readonly<Record<string, readonly PriceUnit[]>> = { tensor: ['input_tokens', 'cached_tokens', 'output_tokens'], embedding: ['output_tokens', 'rows'], chat: ['rows'] };

/** @throws Fault also for terms under which calls of the task would cost or count nothing */
function checkOrder({ kind, quota, rates }: PlanOrder, task = ''): Rates {
  if (kind === 'free') {
    if (rates) throw ratesOfFree();
    if (!quota) throw noQuota();
    if (quota.unit === 'tokens' && task === 'tensor') throw quotaCountsNothing();
    return {};
  }
  if (quota) throw quotaOfPaid();
  if (!rates || !isAboveNothing(rates)) throw noRates();
  const unused = UNUSED[task] ?? [];
  if (Object.entries(rates).every(([unit, micros]) => micros === 0n || unused.includes(unit as PriceUnit))) throw ratesCountNothing(task);
  return rates;
}
