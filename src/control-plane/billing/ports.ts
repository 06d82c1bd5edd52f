import type { Price } from '../../contract/price.ts';
import type { QuotaUnit } from '../../contract/feeds.ts';
import type { Tx } from '../../db/open.ts';

/** What billing needs of pricing: undefined for a version that is not there or can't be read, never a price of nothing (M27). Asked outside of transactions. */
export interface Prices {
  priceOf(version: string, asked: Asked): Promise<Price | undefined>;
}

/** For whose call a price was asked. */
export interface Asked {
  readonly deployment: string;
  readonly orgId: string;
}

/** One period of a budget. `start` is milliseconds since 1970. */
export interface BudgetPeriod {
  readonly id: string;
  readonly start: number;
}

export interface BudgetRoom extends BudgetPeriod {
  /** What is neither used nor leased. */
  readonly roomAmount: bigint;
  /** When the period ends; undefined: never. */
  readonly end: number | undefined;
}

/** A budget has come to a share of its limit that somebody wants to be told of; once a period and share. */
export interface Crossed {
  readonly budget: string;
  readonly orgId: string;
  readonly percent: number;
}

/** What billing needs of entitlements, inside its own transaction. Ids come sorted. */
export interface Budgets {
  /** In the order of the ids. @throws Fault for a budget that is not there any more */
  room(tx: Tx, ids: readonly string[], now: number): Promise<readonly BudgetRoom[]>;
  /** @throws Fault `budget_exceeded` or `quota_exceeded` that names which has no room */
  take(tx: Tx, ids: readonly string[], amount: bigint, now: number): Promise<readonly BudgetPeriod[]>;
  /** Counts what was used, and takes back what of it was leased. */
  spend(tx: Tx, periods: readonly BudgetPeriod[], amounts: { readonly usedAmount: bigint; readonly releasedAmount: bigint }): Promise<readonly Crossed[]>;
  release(tx: Tx, periods: readonly BudgetPeriod[], amount: bigint): Promise<void>;
  /** Those that only alert, in the periods of `now`. */
  alertingFor(tx: Tx, key: { readonly orgId: string; readonly keyId: string }, now: number): Promise<readonly BudgetPeriod[]>;
}

/** What a lease counts: money, or what is left of a quota. */
export type LeaseUnit = 'micros' | QuotaUnit;

/** What a gateway asks for (`LeaseSource` of the data plane). */
export interface LeaseOrder {
  readonly orgId: string;
  /** An open lease of the same gateway that is to hold more; absent, or of a budget's former period: a new one. */
  readonly lease?: string;
  readonly unit: LeaseUnit;
  readonly budgets: readonly string[];
  readonly leastAmount: bigint;
  readonly wantedAmount: bigint;
}

export interface Lease {
  readonly id: string;
  readonly amount: bigint;
  readonly until: number | undefined;
}

/** Something that somebody should hear of. */
export interface BillingEvent {
  readonly orgId: string;
  /** Empty when it is of no single one. */
  readonly deployment: string;
  readonly state: 'budget_reached' | 'unbilled' | 'lease_abandoned';
  readonly reason: string;
}

/** Names of organisations. */
export interface Organisations {
  /** @throws Fault when there is none of that name */
  byName(name: string): Promise<{ readonly id: string; readonly name: string }>;
  names(): Promise<ReadonlyMap<string, string>>;
}
