import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { Offer } from '../../contract/feeds.ts';
import { chargeOf, type Price, quantitiesOf, quotaAmountOf, type QuotaUnit } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { Admitted, Terms } from '../call.ts';
import type { LeaseSource, LeaseUnit } from '../ports.ts';
import { quantityBounds } from './bounds.ts';
import { type Hold, Purse } from './purse.ts';

/** Purses that are kept: one per organisation and set of budgets that calls just now. Idle ones go by themselves. */
const PURSES_MAX = 100_000;
/** Credit that nobody has used for so long goes back to the wallet, where other gateways find it. */
const IDLE_MS = 5_000;
const SWEEP_MS = 1_000;

export interface CreditOptions {
  readonly clock: Clock;
  readonly source: LeaseSource;
  /** A call waits so long for its credit, milliseconds. */
  readonly waitMs: number;
  /** Calls of a free plan go on, uncounted, while its quota can't be asked for (M24). */
  readonly freeWhenUnavailable: boolean;
  problem(error: unknown): void;
}

/** What a priced call is billed by, and what is held for it. */
export interface Charge {
  readonly terms: Terms;
  settle(record: UsageRecord | undefined): void;
}

/** The credit of those who call through this gateway, held and settled in memory against what is leased. */
export class Credit {
  readonly #options: CreditOptions;
  readonly #purses = new Map<string, Purse>();
  readonly #byLease = new Map<string, Purse>();
  #cancelSweep: (() => void) | undefined;

  constructor(options: CreditOptions) {
    this.#options = options;
  }

  /** Holds the most that a call can cost, always: also where the wallet is rich (M3). Undefined: the call is not priced. @throws Fault when it can't be paid, or has no readable price (M27) */
  charge(admitted: Admitted): Charge | undefined | Promise<Charge> {
    const { offer } = admitted.target;
    if (offer.price === 'unpriced') return undefined;
    if (offer.price === 'unavailable') throw priceUnavailable(admitted.target.deployment.name);
    const hold = this.#hold(admitted, offer, offer.price);
    if (hold instanceof Promise) return hold.then((held) => chargeOfHold(offer, offer.price as Price, held));
    return chargeOfHold(offer, offer.price, hold);
  }

  /** Records have been posted: their leases may be given back. */
  posted(records: readonly UsageRecord[]): void {
    const counts = new Map<string, number>();
    for (const { lease } of records) if (lease !== '') counts.set(lease, (counts.get(lease) ?? 0) + 1);
    for (const [lease, count] of counts) this.#byLease.get(lease)?.posted(lease, count);
  }

  /** Whether this gateway has a lease in mind, to be spent or to be given back. */
  knows(lease: string): boolean {
    return this.#byLease.has(lease);
  }

  /** Gives back what is not in use; what is, and what has records that are not posted, is closed at the next start. */
  async close(): Promise<void> {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    await Promise.all([...this.#purses.values()].map((purse) => purse.close()));
  }

  #hold(admitted: Admitted, { quota }: Offer, price: Price): Hold | undefined | Promise<Hold | undefined> {
    const { caller } = admitted;
    const most = quantityBounds(admitted);
    const amount = chargeOf(price.rates, most);
    if (amount > 0n) return this.#purse(caller.orgId, 'micros', caller.budgets).hold(amount);
    if (!quota) return undefined;
    const held = this.#purse(caller.orgId, quota.unit, [quota.id]).hold(quotaAmountOf(most, quota.unit));
    return held instanceof Promise && this.#options.freeWhenUnavailable ? held.catch(uncounted) : held;
  }

  #purse(orgId: string, unit: LeaseUnit, budgets: readonly string[]): Purse {
    const key = `${orgId} ${unit} ${budgets.join()}`;
    const known = this.#purses.get(key);
    if (known) return known;
    if (this.#purses.size >= PURSES_MAX) throw new Fault('unavailable', 'credit_unavailable', 'Too many organisations call just now; try again shortly.', { retryAfterSeconds: 1 });
    const { clock, source, waitMs, problem } = this.#options;
    const purse: Purse = new Purse({
      clock,
      problem,
      waitMs,
      of: { orgId, unit, budgets },
      source: {
        lease: async (order) => {
          const lease = await source.lease(order);
          this.#byLease.set(lease.id, purse);
          return lease;
        },
        giveBack: async (lease) => {
          await source.giveBack(lease);
          this.#byLease.delete(lease);
        },
      },
    });
    this.#purses.set(key, purse);
    this.#cancelSweep ??= clock.timer(SWEEP_MS, () => this.#sweep());
    return purse;
  }

  #sweep(): void {
    const { clock } = this.#options;
    const idleSince = clock.monotonic() - IDLE_MS;
    for (const [key, purse] of this.#purses) if (purse.sweep(idleSince)) this.#purses.delete(key);
    this.#cancelSweep = this.#purses.size > 0 ? clock.timer(SWEEP_MS, () => this.#sweep()) : undefined;
  }
}

function chargeOfHold({ subscription = '', quota }: Offer, price: Price, hold: Hold | undefined): Charge {
  return {
    terms: { subscription, priceVersion: price.id, lease: hold?.lease ?? '' },
    settle: (record) => hold?.settle(record ? usedOf(record, price, quota?.unit) : 0n, record !== undefined),
  };
}

/** What of its lease a record has used. */
function usedOf(record: UsageRecord, price: Price, quota: QuotaUnit | undefined): bigint {
  const quantities = quantitiesOf(record);
  const charge = chargeOf(price.rates, quantities);
  return charge > 0n || quota === undefined ? charge : quotaAmountOf(quantities, quota);
}

function uncounted(error: unknown): undefined {
  if (error instanceof Fault && error.kind === 'unavailable') return undefined;
  throw error;
}

function priceUnavailable(name: string): Fault {
  return new Fault('unavailable', 'price_unavailable', `"${name}" has no valid price at the moment, and so can not be sold; nothing was charged.`, { retryAfterSeconds: 60 });
}
