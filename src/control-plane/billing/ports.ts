import type { Price, QuotaUnit } from '../../contract/price.ts';

/** What billing needs of pricing: undefined for a version that is not there or can't be read, never a price of nothing (M27). Asked outside of transactions. */
export interface Prices {
  priceOf(version: string, asked: Asked): Promise<Price | undefined>;
}

/** Whose deployment would be paid by a price. */
export interface Asked {
  readonly deployment: string;
  /** Empty: it is not known. */
  readonly orgId: string;
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
  /** What calls that wait just now hold, all together. */
  readonly neededAmount: bigint;
  readonly wantedAmount: bigint;
}

export interface Lease {
  readonly id: string;
  readonly amount: bigint;
  readonly until: number | undefined;
}

/** Something that somebody should hear of. */
export interface BillingEvent {
  /** Who may see it; empty: operators alone. */
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
