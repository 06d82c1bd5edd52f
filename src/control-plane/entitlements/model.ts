import type { CallerEntry, KeyLimits, Offer } from '../../contract/feeds.ts';
import type { Price, QuotaUnit } from '../../contract/price.ts';
import type { StoredKey } from '../identity/index.ts';
import type { Budget } from './budget-model.ts';

/** A subscription as it is kept: an organisation, a plan, and the version of its price. */
export interface Subscription {
  readonly id: string;
  readonly orgId: string;
  readonly planId: string;
  readonly deployment: string;
  readonly priceVersion: string;
  /** The version that it comes to, and when (milliseconds since 1970). */
  readonly next: { readonly version: string; readonly at: number } | undefined;
  readonly isActive: boolean;
  /** Every key of the organisation may call by it; otherwise only those bound to it. */
  readonly allKeys: boolean;
  readonly keys: readonly string[];
  readonly createdAt: number;
  readonly cancelledAt: number | undefined;
}

/** A subscription with what of its plan and price a call needs. */
export interface Contract extends Subscription {
  readonly price: Price | 'unavailable';
  readonly limits: KeyLimits;
  readonly quota: { readonly id: string; readonly unit: QuotaUnit } | undefined;
}

/** All that an organisation's keys may call beyond its own, and within which budgets. */
export interface Terms {
  /** In the order in which offers are looked through. */
  readonly contracts: readonly Contract[];
  readonly budgets: readonly Budget[];
}

export const NO_TERMS: Terms = { contracts: [], budgets: [] };

/** Of two subscriptions for one deployment the newer one counts: who subscribes again wants other terms. */
export function newestFirst(a: Contract, b: Contract): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}

/** What a key that has subscribed to nothing may call. */
function ownOffers({ orgId, scopes }: Pick<StoredKey, 'orgId' | 'scopes'>): Offer[] {
  return [{ deployments: scopes.includes('operator') ? { of: 'all' } : { of: 'org', orgId }, price: 'unpriced' }];
}

/** The offer of a contract: made once, and shared by the entries of all its keys. */
export function offerOf({ id, deployment, price, limits, quota }: Contract): Offer {
  return {
    deployments: { of: 'deployment', name: deployment },
    price,
    subscription: id,
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(quota && { quota }),
  };
}

/** Whether a budget holds for a key. `isSame`: one has replaced the other. */
export function isBudgetOf(budget: Pick<Budget, 'keyId'>, keyId: string, isSame: (a: string, b: string) => boolean): boolean {
  return budget.keyId === undefined || isSame(budget.keyId, keyId);
}

export interface Joined {
  /** Those that are bound to the key. */
  readonly offers: readonly Offer[];
  readonly budgets: readonly string[];
}

/** A key with all that a call needs to know of it, joined. Its own organisation's deployments come first: they are never paid for. */
export function callerEntry(key: StoredKey, { offers, budgets }: Joined): CallerEntry {
  return {
    hash: key.hash,
    keyId: key.id,
    orgId: key.orgId,
    orgName: key.orgName,
    scopes: key.scopes,
    allowedModels: key.allowedModels ?? undefined,
    expiresAtMs: key.expiresAt ?? undefined,
    limits: key.limits,
    budgets,
    offers: key.scopes.includes('inference') ? [...ownOffers(key), ...offers] : [],
  };
}
