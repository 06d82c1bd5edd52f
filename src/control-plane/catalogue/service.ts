import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { Db, Tx } from '../../db/open.ts';
import type { Deployments } from '../deployments/index.ts';
import type { Pricing } from '../pricing/index.ts';
import { alreadyListed, changedMeanwhile, listingNotFound, noOpenPlan, noPlan, notDeployed, planNotFound, priceUnavailable, whichPlan, wrongState } from './errors.ts';
import {
  isOffered,
  isOwner,
  isSellable,
  type Listing,
  type ListingState,
  type Move,
  moved,
  type Plan,
  type PricedPlan,
  type SingleRate,
  singleRate,
  type Viewer,
} from './model.ts';
import { Plans } from './plans.ts';
import type { Contracts, Margin, Margins } from './ports.ts';
import { Search } from './search-service.ts';
import type { MarketSettings } from './settings.ts';
import * as store from './store.ts';

export interface CatalogueOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly pricing: Pricing;
  readonly deployments: Pick<Deployments, 'get' | 'manifestOf'>;
  readonly contracts: Contracts;
  readonly margins: Margins;
  readonly market: Pick<MarketSettings, 'publisherShareBasisPoints'>;
}

export interface ListingOrder {
  readonly deployment: string;
  /** What is left out is the deployment's name, nothing, or what the model version says of itself. */
  readonly title?: string;
  readonly summary?: string;
  readonly card?: string;
  readonly licence?: string;
  readonly tags?: readonly string[];
  readonly visibility?: Listing['visibility'];
  readonly visibleTo?: readonly string[];
}

export type ListingChange = Omit<ListingOrder, 'deployment'>;

/** A listing as somebody may see it. */
export interface ListingView extends Listing {
  readonly task: string | undefined;
  readonly plans: readonly PricedPlan[];
  /** Whether the viewer may see what only its owner and operators do. */
  readonly isOwn: boolean;
  /** For the owner and operators. */
  readonly margin: Margin | undefined;
}

/** A plan as it is sold to a subscriber now. */
export interface Sale {
  readonly listing: Listing;
  readonly plan: PricedPlan & { readonly version: NonNullable<PricedPlan['version']> };
}

/** Listings that are shown at once to their owner. */
const LISTED_MAX = 1_000;

/** What is for sale. */
export class Catalogue {
  readonly plans: Plans;
  readonly #options: CatalogueOptions;
  readonly #search: Search;
  /** By deployment, for costing. */
  #sold: ReadonlyMap<string, SingleRate> = new Map();

  constructor(options: CatalogueOptions) {
    this.#options = options;
    const { db, clock, pricing, contracts } = options;
    this.plans = new Plans({
      db,
      clock,
      pricing,
      contracts,
      shareOf: (listing) => this.#shareOf(listing),
      taskOf: (listing) => this.#taskOf(listing),
      listing: (id) => store.findListing(db, id),
      changed: () => this.load(),
    });
    this.#search = new Search({ db, deployments: options.deployments, priced: (plans) => this.#priced(db, plans) });
  }

  /** Reads what is sold at which price; at the start, and after a change. */
  async load(): Promise<void> {
    const { db } = this.#options;
    const open = (await store.listPlans(db)).filter(({ kind, isOpen }) => kind === 'pay_per_use' && isOpen);
    const listings = await store.listingsByIds(
      db,
      open.map(({ listingId }) => listingId),
    );
    const sold = new Map<string, SingleRate>();
    for (const { listingId, version } of await this.#priced(db, open)) {
      const listing = listings.get(listingId);
      const rate = version?.price && singleRate(version.price.rates);
      if (listing && rate) sold.set(listing.deployment, rate);
    }
    this.#sold = sold;
  }

  /** What a deployment's newest open plan that is paid for takes, where that is one figure. Queries nothing. */
  soldAt(deployment: string): SingleRate | undefined {
    return this.#sold.get(deployment);
  }

  /** @throws Fault when the deployment is not the viewer's, or listed already */
  async create(viewer: Viewer, order: ListingOrder): Promise<ListingView> {
    const { db, clock, deployments } = this.#options;
    const { name, orgId } = deployments.get(viewer, order.deployment);
    const known = await store.findListing(db, name);
    if (known) throw alreadyListed(known);
    const manifest = deployments.manifestOf(name);
    const now = clock.now();
    const listing: Listing = {
      id: newId('lst', now),
      deployment: name,
      orgId,
      title: order.title ?? name,
      summary: order.summary ?? '',
      card: order.card ?? manifest?.card ?? '',
      licence: order.licence ?? manifest?.licence ?? 'unknown',
      tags: order.tags ?? [],
      visibility: order.visibility ?? 'private',
      visibleTo: order.visibleTo ?? [],
      publisherBasisPoints: undefined,
      state: 'draft',
      reason: '',
      createdAt: now,
      updatedAt: now,
    };
    await store.insertListing(db, listing);
    return this.#view(viewer, listing);
  }

  /** A public listing that was private needs to be approved. */
  async update(viewer: Viewer, key: string, change: ListingChange): Promise<ListingView> {
    const before = await this.own(viewer, key);
    const state: ListingState = before.state === 'listed' && before.visibility === 'private' && change.visibility === 'public' ? 'pending' : before.state;
    return this.#write(viewer, before, { ...before, ...change, state });
  }

  /** @throws Fault unless the listing is in a state from which the move can be made */
  async move(viewer: Viewer, key: string, move: Exclude<Move, 'approve'>, reason = ''): Promise<ListingView> {
    const before = await this.own(viewer, key);
    if (move === 'submit' && !(await store.listPlans(this.#options.db, { listingIds: [before.id] })).some(({ isOpen }) => isOpen)) throw noPlan();
    return this.#write(viewer, before, { ...before, state: stateAfter(before, move), reason });
  }

  /** An operator's: lists it. With another share for the publisher its plans get new versions of their prices. */
  async approve(viewer: Viewer, key: string, publisherBasisPoints?: number): Promise<ListingView> {
    const before = await this.own(viewer, key);
    const listing = { ...before, state: stateAfter(before, 'approve'), reason: '', ...(publisherBasisPoints !== undefined && { publisherBasisPoints }) };
    await this.#write(viewer, before, listing);
    await this.plans.reshare(viewer, listing);
    return this.#view(viewer, listing);
  }

  /** The viewer's own, without their cards; an operator sees all. */
  async list(viewer: Viewer, state?: ListingState): Promise<ListingView[]> {
    const { db } = this.#options;
    const seesAll = viewer.scopes.includes('operator');
    const listings = await store.listListings(db, { ...(!seesAll && { orgId: viewer.orgId }), ...(state && { state }), limit: LISTED_MAX });
    const plans = Map.groupBy(await this.#priced(db, await store.listPlans(db, { listingIds: listings.map(({ id }) => id) })), ({ listingId }) => listingId);
    return listings.map((listing) => ({ ...listing, task: this.#taskOf(listing), plans: plans.get(listing.id) ?? [], isOwn: true, margin: undefined }));
  }

  /** @throws Fault when it is neither the viewer's nor on offer to it */
  async get(viewer: Viewer, key: string): Promise<ListingView> {
    const listing = await store.findListing(this.#options.db, key);
    if (!listing || !(isOwner(viewer, listing) || isOffered(viewer, listing))) throw listingNotFound(key);
    return this.#view(viewer, listing);
  }

  /** As `plans.setPrice`, with a warning when the price is under what the deployment costs (Q10). */
  async setPrice(viewer: Viewer, planId: string, order: Parameters<Plans['setPrice']>[2]) {
    const { listing, plan: _plan, ...repriced } = await this.plans.setPrice(viewer, planId, order);
    return { ...repriced, warning: (await this.#options.margins.of(viewer, listing.deployment))?.warning };
  }

  search(viewer: Viewer, query: Parameters<Search['find']>[1]): ReturnType<Search['find']> {
    return this.#search.find(viewer, query);
  }

  /** What a viewer would subscribe to: the plan of that name, or the only one that is open. @throws Fault when it is not on offer, or can't be sold just now */
  async sale(viewer: Viewer, key: string, planName: string | undefined): Promise<Sale> {
    const { deployments } = this.#options;
    const listing = await this.get(viewer, key);
    if (!isOffered(viewer, listing) && listing.orgId !== viewer.orgId) throw listingNotFound(key);
    const plan = planMeant(listing, planName);
    if (!deployments.manifestOf(listing.deployment)) throw notDeployed(listing.deployment);
    const { version } = plan;
    if (!version || !isSellable(plan)) {
      this.#options.pricing.priceOf(version?.id ?? '', { deployment: listing.deployment, orgId: listing.orgId, isPaid: plan.kind !== 'free' });
      throw priceUnavailable(plan.name);
    }
    return { listing, plan: { ...plan, version } };
  }

  /** Plans with their listings, for whoever has subscribed to them. */
  async plansOf(on: Db | Tx, ids: readonly string[]): Promise<Map<string, { readonly plan: Plan; readonly listing: Listing }>> {
    const plans = await store.listPlans(on, { ids: [...new Set(ids)] });
    const listings = await store.listingsByIds(on, [...new Set(plans.map(({ listingId }) => listingId))]);
    return new Map(
      plans.flatMap((plan) => {
        const listing = listings.get(plan.listingId);
        return listing ? [[plan.id, { plan, listing }] as const] : [];
      }),
    );
  }

  #shareOf({ publisherBasisPoints }: Listing): number {
    return publisherBasisPoints ?? this.#options.market.publisherShareBasisPoints;
  }

  #taskOf({ deployment }: Listing): string | undefined {
    return this.#options.deployments.manifestOf(deployment)?.task;
  }

  async own(viewer: Viewer, key: string): Promise<Listing> {
    const listing = await store.findListing(this.#options.db, key);
    if (!listing || !isOwner(viewer, listing)) throw listingNotFound(key);
    return listing;
  }

  async #write(viewer: Viewer, before: Listing, listing: Listing): Promise<ListingView> {
    const after = { ...listing, updatedAt: this.#options.clock.now() };
    if (!(await store.updateListing(this.#options.db, after, before.state))) throw changedMeanwhile();
    return this.#view(viewer, after);
  }

  async #view(viewer: Viewer, listing: Listing): Promise<ListingView> {
    const { db, margins } = this.#options;
    const isOwn = isOwner(viewer, listing);
    const plans = await this.#priced(db, await store.listPlans(db, { listingIds: [listing.id] }));
    return { ...listing, task: this.#taskOf(listing), plans, isOwn, margin: isOwn ? await margins.of(viewer, listing.deployment) : undefined };
  }

  async #priced(on: Db, plans: readonly Plan[]): Promise<PricedPlan[]> {
    const newest = await this.#options.pricing.newest(
      on,
      plans.map(({ id }) => id),
    );
    return plans.map((plan) => ({ ...plan, version: newest.get(plan.id) }));
  }
}

/** The plan of that name, or the only one that is open. */
function planMeant({ plans, deployment }: ListingView, name: string | undefined): PricedPlan {
  const open = plans.filter(({ isOpen }) => isOpen);
  const [plan, ...others] = name === undefined ? open : open.filter((one) => one.name === name);
  if (!plan) throw name === undefined ? noOpenPlan(deployment) : planNotFound(name);
  if (others.length > 0) throw whichPlan(open.map((one) => one.name));
  return plan;
}

function stateAfter(listing: Listing, move: Move): ListingState {
  const state = moved(listing, move);
  if (!state) throw wrongState(move, listing.state);
  return state;
}
