import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { type Price, type Rates, readRates, writeRates } from '../../contract/price.ts';
import type { Db, Tx } from '../../db/open.ts';
import { currencyChanged, malformedRates, priceJump } from './errors.ts';
import { isAboveNothing, jumps, type PriceVersion, pricePerUnit, readVersions, type StoredVersion } from './model.ts';
import * as store from './store.ts';

export interface PricingOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Of every price that is made. */
  readonly currency: string;
  /** What of each charge is tax, in hundredths of a percent, for prices that are made. */
  readonly taxBasisPoints: number;
  /** Told once of each version that was asked for and has no price (M27). */
  unavailable(version: string, reason: string, asked: Asked): void;
}

/** What a price was asked for: whose deployment would be paid by it. */
export interface Asked {
  readonly deployment: string;
  readonly orgId: string;
  /** The plan is one that is paid for: a price of nothing is none then. */
  readonly isPaid?: boolean;
}

export interface PriceOrder {
  readonly planId: string;
  readonly rates: Rates;
  readonly publisher: string;
  readonly publisherBasisPoints: number;
  /** A key's id. */
  readonly createdBy: string;
  /** A jump is meant. */
  readonly isConfirmed: boolean;
}

/** Alarms that are remembered, so that each is raised once. */
const ALARMS_MAX = 10_000;

/** Price versions: immutable, and so kept in memory once read. */
export class Pricing {
  readonly #options: PricingOptions;
  readonly #known = new Map<string, PriceVersion>();
  readonly #alarmed = new Set<string>();

  constructor(options: PricingOptions) {
    this.#options = options;
  }

  get currency(): string {
    return this.#options.currency;
  }

  /** Reads all versions, at the start. @throws Fault when they are in another currency than new ones would be */
  async load(): Promise<void> {
    for (const { price } of this.#keep(await store.listVersions(this.#options.db)))
      if (price && price.currency !== this.#options.currency) throw currencyChanged(price.currency, this.#options.currency);
  }

  /** The price of a version that this server has loaded or made; undefined when it is missing or has none: then nothing may be sold by it, and it is never 0 (M27). Queries nothing. */
  priceOf(id: string, asked: Asked = { deployment: '', orgId: '' }): Price | undefined {
    const version = this.#known.get(id);
    const isOfNothing = asked.isPaid === true && version?.price !== undefined && !isAboveNothing(version.price.rates);
    if (version?.price && !isOfNothing) return version.price;
    const reason = isOfNothing ? 'it has no rate above 0, and its plan is not free' : (version?.problem ?? 'there is no such version');
    this.#alarm(id, reason, { ...asked, orgId: version?.publisher ?? asked.orgId });
    return undefined;
  }

  /** Makes versions that another server has written known to `priceOf`. */
  async fetch(on: Db | Tx, ids: Iterable<string>): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.#known.has(id));
    if (missing.length > 0) this.#keep(await store.listVersions(on, { plansOf: missing }));
  }

  /** All versions of plans; of each the first one first. */
  async versions(on: Db | Tx, planIds: readonly string[]): Promise<PriceVersion[]> {
    return this.#keep(await store.listVersions(on, { planIds }));
  }

  /** The newest version of each plan that has one. */
  async newest(on: Db | Tx, planIds: readonly string[]): Promise<Map<string, PriceVersion>> {
    return new Map((await this.versions(on, planIds)).map((version) => [version.planId, version]));
  }

  /** Makes a plan's next version, inside the caller's transaction; if nothing would change: the newest. @throws Fault `price_jump` for a change beyond ten times that is not confirmed */
  async add(tx: Tx, order: PriceOrder): Promise<PriceVersion> {
    const { clock, currency, taxBasisPoints } = this.#options;
    if (!readRates(writeRates(order.rates))) throw malformedRates();
    const before = await this.versions(tx, [order.planId]);
    const newest = before.at(-1);
    const price = { currency, rates: order.rates, publisher: order.publisher, publisherBasisPoints: order.publisherBasisPoints, taxBasisPoints };
    if (newest?.price && sameTerms(newest.price, price)) return newest;
    const last = before.findLast((version) => version.price)?.price?.rates;
    const [jump] = last && !order.isConfirmed ? jumps(last, order.rates) : [];
    if (last && jump) throw priceJump(jump, pricePerUnit(last, jump), pricePerUnit(order.rates, jump));
    const now = clock.now();
    const { planId, createdBy, isConfirmed } = order;
    const id = newId('price', now);
    const stored: StoredVersion = {
      ...price,
      id,
      planId,
      number: (newest?.number ?? 0) + 1,
      rates: JSON.stringify(writeRates(order.rates)),
      isConfirmed,
      createdBy,
      createdAt: now,
    };
    await store.insertVersion(tx, stored);
    const made: PriceVersion = { id, planId, number: stored.number, publisher: order.publisher, createdBy, createdAt: now, price: { id, ...price } };
    this.#known.set(id, made);
    return made;
  }

  #keep(stored: readonly StoredVersion[]): PriceVersion[] {
    const versions = [...Map.groupBy(stored, ({ planId }) => planId).values()].flatMap(readVersions);
    for (const version of versions) this.#known.set(version.id, version);
    return versions;
  }

  #alarm(id: string, reason: string, asked: Asked): void {
    if (this.#alarmed.has(id)) return;
    if (this.#alarmed.size >= ALARMS_MAX) this.#alarmed.clear();
    this.#alarmed.add(id);
    this.#options.unavailable(id, reason, asked);
  }
}

function sameTerms(a: Omit<Price, 'id'>, b: Omit<Price, 'id'>): boolean {
  const text = ({ currency, rates, publisher, publisherBasisPoints, taxBasisPoints }: Omit<Price, 'id'>) =>
    JSON.stringify([currency, Object.entries(writeRates(rates)).toSorted(([x], [y]) => (x < y ? -1 : 1)), publisher, publisherBasisPoints, taxBasisPoints]);
  return text(a) === text(b);
}
