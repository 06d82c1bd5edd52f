import type { PriceUnit } from '../../contract/price.ts';
import type { Db } from '../../db/open.ts';
import type { Deployments } from '../deployments/index.ts';
import { pricePerUnit } from '../pricing/index.ts';
import { unitMissing } from './errors.ts';
import { isOffered, isSellable, type Listing, type Plan, type PricedPlan, type Viewer } from './model.ts';
import { score, wordsOf } from './search.ts';
import * as store from './store.ts';

/** Listings that are looked through, the newest first. */
const SEARCHED_MAX = 10_000;

export interface SearchQuery {
  readonly words?: string;
  readonly task?: string;
  readonly licence?: string;
  /** Only what has a free plan. */
  readonly isFree?: boolean;
  /** Only what has a plan that takes at most so much of the unit's rate; a free plan takes nothing. */
  readonly maxPriceMicros?: bigint;
  readonly unit?: PriceUnit;
  readonly offset: number;
  readonly limit: number;
}

export interface Hit extends Listing {
  readonly task: string;
  /** Those that are open and can be sold. */
  readonly plans: readonly PricedPlan[];
}

export interface SearchOptions {
  readonly db: Db;
  readonly deployments: Pick<Deployments, 'manifestOf'>;
  priced(plans: readonly Plan[]): Promise<PricedPlan[]>;
}

/** Finds what is on offer to somebody. */
export class Search {
  readonly #options: SearchOptions;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** The best first; among equals the newest. `total` counts all that fit. */
  async find(viewer: Viewer, query: SearchQuery): Promise<{ readonly hits: readonly Hit[]; readonly total: number }> {
    if (query.maxPriceMicros !== undefined && query.unit === undefined) throw unitMissing();
    const found = await this.#withPlans(await this.#ranked(viewer, query));
    const fitting = found.filter(({ plans }) => plans.some((plan) => isCheapEnough(plan, query)));
    return { hits: fitting.slice(query.offset, query.offset + query.limit), total: fitting.length };
  }

  async #ranked(viewer: Viewer, { words = '', task, licence }: SearchQuery): Promise<Omit<Hit, 'plans'>[]> {
    const { db, deployments } = this.#options;
    const asked = wordsOf(words);
    const listings = await store.listListings(db, { state: 'listed', limit: SEARCHED_MAX });
    return listings
      .filter((listing) => isOffered(viewer, listing) || listing.orgId === viewer.orgId || viewer.scopes.includes('operator'))
      .flatMap((listing) => {
        const manifest = deployments.manifestOf(listing.deployment);
        if (!manifest || (task !== undefined && manifest.task !== task)) return [];
        if (licence !== undefined && listing.licence.toLowerCase() !== licence.toLowerCase()) return [];
        const fit = score({ ...listing, name: listing.deployment, task: manifest.task }, asked);
        return fit > 0 ? [{ fit, hit: { ...listing, task: manifest.task } }] : [];
      })
      .toSorted((a, b) => b.fit - a.fit)
      .map(({ hit }) => hit);
  }

  async #withPlans(listings: readonly Omit<Hit, 'plans'>[]): Promise<Hit[]> {
    const { db, priced } = this.#options;
    const open = (await store.listPlans(db, { listingIds: listings.map(({ id }) => id) })).filter(({ isOpen }) => isOpen);
    const plans = Map.groupBy((await priced(open)).filter(isSellable), ({ listingId }) => listingId);
    return listings.map((listing) => ({ ...listing, plans: plans.get(listing.id) ?? [] }));
  }
}

function isCheapEnough({ kind, version }: PricedPlan, { isFree, maxPriceMicros, unit }: SearchQuery): boolean {
  if (isFree === true && kind !== 'free') return false;
  if (maxPriceMicros === undefined || unit === undefined || kind === 'free') return true;
  const rates = version?.price?.rates;
  return rates !== undefined && rates[unit] !== undefined && pricePerUnit(rates, unit) <= maxPriceMicros;
}
