import type { KeyLimits, Scope } from '../../contract/feeds.ts';
import { PRICE_UNITS, type Rates, type QuotaUnit } from '../../contract/price.ts';
import { isAboveNothing, type PriceVersion } from '../pricing/index.ts';

export const LISTING_STATES = ['draft', 'pending', 'listed', 'rejected', 'withdrawn'] as const;
export type ListingState = (typeof LISTING_STATES)[number];
export const VISIBILITIES = ['private', 'public'] as const;
export const QUOTA_PERIODS = ['day', 'month', 'total'] as const;
export const QUOTA_UNITS = ['requests', 'tokens'] as const satisfies readonly QuotaUnit[];
export const PLAN_KINDS = ['free', 'pay_per_use'] as const;

/** A deployment that is for sale. */
export interface Listing {
  readonly id: string;
  readonly deployment: string;
  readonly orgId: string;
  readonly title: string;
  readonly summary: string;
  /** Markdown, for people. */
  readonly card: string;
  readonly licence: string;
  readonly tags: readonly string[];
  readonly visibility: (typeof VISIBILITIES)[number];
  /** Names of organisations that see it while it is private. */
  readonly visibleTo: readonly string[];
  /** What the publisher gets of a charge after tax, in hundredths of a percent; undefined: as the operator's file says. */
  readonly publisherBasisPoints: number | undefined;
  readonly state: ListingState;
  /** Why it was rejected. */
  readonly reason: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** So much is free in each period. */
export interface Quota {
  readonly unit: QuotaUnit;
  readonly amount: bigint;
  readonly period: (typeof QUOTA_PERIODS)[number];
}

/** Terms on which a listing can be subscribed to. */
export interface Plan {
  readonly id: string;
  readonly listingId: string;
  readonly name: string;
  readonly kind: (typeof PLAN_KINDS)[number];
  /** Of a free plan. */
  readonly quota: Quota | undefined;
  readonly limits: KeyLimits;
  /** Takes new subscriptions. */
  readonly isOpen: boolean;
  readonly createdAt: number;
}

export interface PricedPlan extends Plan {
  /** The newest; undefined only for a plan without any. */
  readonly version: PriceVersion | undefined;
}

/** Who asks. A `CallerEntry` is one. */
export interface Viewer {
  readonly keyId: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
}

export function isOwner(viewer: Pick<Viewer, 'orgId' | 'scopes'>, listing: Pick<Listing, 'orgId'>): boolean {
  return viewer.orgId === listing.orgId || viewer.scopes.includes('operator');
}

/** Whether it is on offer to the viewer. */
export function isOffered({ orgName }: Pick<Viewer, 'orgName'>, { state, visibility, visibleTo }: Pick<Listing, 'state' | 'visibility' | 'visibleTo'>): boolean {
  return state === 'listed' && (visibility === 'public' || visibleTo.includes(orgName));
}

const MOVES = {
  submit: ['draft', 'rejected', 'withdrawn'],
  // One that is listed is approved again to change the publisher's share.
  approve: ['pending', 'listed'],
  reject: ['pending', 'listed'],
  withdraw: ['draft', 'pending', 'listed'],
} as const satisfies Readonly<Record<string, readonly ListingState[]>>;
export type Move = keyof typeof MOVES;

/** The state after a move; undefined: it can't be made from here. */
export function moved({ state, visibility }: Pick<Listing, 'state' | 'visibility'>, move: Move): ListingState | undefined {
  if (!(MOVES[move] as readonly ListingState[]).includes(state)) return undefined;
  if (move === 'submit') return visibility === 'private' ? 'listed' : 'pending';
  return move === 'approve' ? 'listed' : move === 'reject' ? 'rejected' : 'withdrawn';
}

/** Whether a version may be sold by: a plan that is paid for is never sold by a price of nothing (M27). */
export function isSellable({ kind, version }: Pick<PricedPlan, 'kind' | 'version'>): boolean {
  return version?.price !== undefined && (kind === 'free' || isAboveNothing(version.price.rates));
}

/** What costing knows prices by: one figure for so many calls, or tokens of both kinds alike. */
export interface SingleRate {
  readonly per: 'thousand_calls' | 'million_tokens';
  readonly micros: bigint;
}

/** Undefined when rates can't be said so. */
export function singleRate(rates: Rates): SingleRate | undefined {
  const used = Object.entries(rates).filter(([, micros]) => micros > 0n);
  const [first] = used;
  if (!first) return undefined;
  if (used.length === 1 && first[0] === 'requests') return { per: 'thousand_calls', micros: first[1] };
  const { input_tokens: input, output_tokens: output, cached_tokens: cached = input } = rates;
  const isAlike = input !== undefined && input === output && input === cached && used.every(([unit]) => unit.endsWith('_tokens'));
  return isAlike ? { per: 'million_tokens', micros: input } : undefined;
}

export const UNIT_NAMES = Object.keys(PRICE_UNITS) as readonly (keyof typeof PRICE_UNITS)[];
