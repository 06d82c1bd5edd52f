import { chargeOf, NO_QUANTITIES, type Price, type Quantities, quantitiesOf, quotaAmountOf } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { BudgetPeriod } from '../entitlements/index.ts';
import { type ChargeOrder, type Split, splitOf } from '../ledger/index.ts';
import type { LeaseOrder, LeaseUnit } from './ports.ts';

const BASIS_POINTS = 10_000n;

/** How a charge is shared by a price: tax is floored out of the whole first, then the publisher's share of the rest; the platform has what remains (M30). */
export function splitBy(price: Price, chargeMicros: bigint): Split {
  const taxMicros = (chargeMicros * BigInt(price.taxBasisPoints)) / BASIS_POINTS;
  return splitOf(chargeMicros, price.publisher, price.publisherBasisPoints, taxMicros);
}

/** What is charged for; undefined for counts that are none, which could be charged as nothing, as anything, or not at all. */
function countsOf(record: UsageRecord): Quantities | undefined {
  const used = quantitiesOf(record);
  return Object.values(used).every((count) => Number.isSafeInteger(count) && count >= 0) ? used : undefined;
}

/** No call costs more than a thousand million of the currency: what comes to more is a miscount, and somebody has to look at it. */
const CHARGE_MICROS_MAX = 10n ** 15n;

/** What a call costs by a price; undefined: it can't be said, because there is no price or the counts are none. What brought nothing costs nothing, by any price (M17). */
export function costOf(record: UsageRecord, price: Price | undefined): bigint | undefined {
  const used = countsOf(record);
  if (used?.requests === 0) return 0n;
  const charge = used && price ? chargeOf(price.rates, used) : undefined;
  return charge !== undefined && charge <= CHARGE_MICROS_MAX ? charge : undefined;
}

/** A lease as posting sees it. */
export interface LeaseState {
  readonly id: string;
  readonly unit: LeaseUnit;
  readonly leftAmount: bigint;
  readonly budgets: readonly BudgetPeriod[];
}

/** What a batch does to one lease: so much of it is gone, so much was used on its budgets. The latter is more where a call cost more than the lease held. */
export interface Draw {
  readonly lease: LeaseState;
  drawnAmount: bigint;
  usedAmount: bigint;
}

/** Spent by a key, for budgets that only alert. */
export interface Spent {
  readonly orgId: string;
  readonly keyId: string;
  /** Budgets that its lease counts on: of them it is counted already. */
  readonly counted: readonly BudgetPeriod[];
  amountMicros: bigint;
}

/** What records mean in money. */
export interface Bill {
  readonly charges: readonly ChargeOrder[];
  readonly draws: readonly Draw[];
  readonly spent: readonly Spent[];
  /** Their price can't be read, or what they used: what they cost is open, and never nothing (M27). */
  readonly open: readonly UsageRecord[];
}

export interface Counting {
  /** Of the records, by their ids. */
  readonly leases: ReadonlyMap<string, LeaseState>;
  /** Their quotas were counted before, when their price was missing. */
  readonly isCounted: boolean;
}

/** `records`: each id once, none of them billed before. `prices` are by version. */
export function billOf(records: readonly UsageRecord[], prices: ReadonlyMap<string, Price>, { leases, isCounted }: Counting): Bill {
  const charges: ChargeOrder[] = [];
  const draws = new Map<string, Draw>();
  const spent = new Map<string, Spent>();
  const open: UsageRecord[] = [];
  const draw = (lease: LeaseState, amount: bigint) => {
    const so = draws.get(lease.id) ?? { lease, drawnAmount: 0n, usedAmount: 0n };
    const left = lease.leftAmount - so.drawnAmount;
    so.drawnAmount += amount < left ? amount : left;
    so.usedAmount += amount;
    draws.set(lease.id, so);
  };
  for (const record of records) {
    const lease = leases.get(record.lease);
    if (lease && lease.unit !== 'micros' && !isCounted) draw(lease, quotaAmountOf(countsOf(record) ?? NO_QUANTITIES, lease.unit));
    const price = prices.get(record.priceVersion);
    const amountMicros = costOf(record, price);
    if (!price || amountMicros === undefined) {
      if (amountMicros === undefined) open.push(record);
      continue;
    }
    if (amountMicros === 0n) continue;
    charges.push({ id: record.requestId, orgId: record.orgId, lease: record.lease, split: splitBy(price, amountMicros) });
    if (lease?.unit === 'micros') draw(lease, amountMicros);
    const { orgId, keyId } = record;
    const of = `${keyId} ${lease?.id}`;
    const byKey = spent.get(of) ?? { orgId, keyId, counted: lease?.budgets ?? [], amountMicros: 0n };
    byKey.amountMicros += amountMicros;
    spent.set(of, byKey);
  }
  return { charges, draws: [...draws.values()].filter(({ usedAmount }) => usedAmount > 0n), spent: [...spent.values()], open };
}

/** A wallet, or a budget, that could bear what is wanted so many times is large. */
const LARGE = 8n;

/** What is asked for, and what there is. */
export interface Wish extends Pick<LeaseOrder, 'leastAmount' | 'neededAmount' | 'wantedAmount'> {
  readonly availableAmount: bigint;
}

/**
 * How much is leased: what is wanted of what is large; else what calls need that wait now, or an eighth if that is more: small balances are leased for the calls that
 * are there, and for none to come, so that gateways side by side find something. 0: there is less than the least.
 */
export function sizeOf({ leastAmount, neededAmount, wantedAmount, availableAmount }: Wish): bigint {
  if (availableAmount < leastAmount || availableAmount <= 0n) return 0n;
  const share = availableAmount >= wantedAmount * LARGE ? wantedAmount : availableAmount / LARGE;
  return smaller(larger(larger(leastAmount, neededAmount), share), availableAmount);
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
const larger = (a: bigint, b: bigint) => (a > b ? a : b);

/**
 * Shares a refund as its charge was shared: `left` is what of each share was not refunded yet. Tax and the publisher's part are floored, the platform bears the
 * remainder as far as it has it, so that parts never come to more than the whole (M31). `fromPlatform`: it bears the publisher's part too.
 */
export function refundSplitOf(left: Split, amountMicros: bigint, fromPlatform = false): Split {
  const leftMicros = left.publisherMicros + left.platformMicros + left.taxMicros;
  if (amountMicros <= 0n || amountMicros > leftMicros) throw new RangeError(`${amountMicros} of ${leftMicros} can't be refunded`);
  let taxMicros = smaller((left.taxMicros * amountMicros) / leftMicros, amountMicros);
  if (fromPlatform) return { publisher: left.publisher, publisherMicros: 0n, platformMicros: amountMicros - taxMicros, taxMicros };
  let publisherMicros = smaller((left.publisherMicros * amountMicros) / leftMicros, amountMicros - taxMicros);
  const platformMicros = smaller(amountMicros - taxMicros - publisherMicros, left.platformMicros > 0n ? left.platformMicros : 0n);
  let rest = amountMicros - taxMicros - publisherMicros - platformMicros;
  const more = smaller(rest, left.publisherMicros - publisherMicros);
  publisherMicros += more;
  rest -= more;
  taxMicros += rest;
  return { publisher: left.publisher, publisherMicros, platformMicros, taxMicros };
}
