import { expect } from 'vitest';
import type { Harness } from './harness.ts';

/** A publisher `lab` that sells a deployment, and a consumer `acme` with credit, all made through the public API. */
export interface Market {
  readonly publisher: string;
  readonly consumer: string;
  readonly model: string;
  readonly listing: string;
  readonly plan: string;
  readonly subscription: string;
}

export interface MarketOptions {
  /** Rates of the plan, as the API takes them; absent: a free plan with `quota`. */
  readonly rates?: Readonly<Record<string, string>>;
  readonly quota?: { readonly unit: 'requests' | 'tokens'; readonly amount: number; readonly period: 'day' | 'month' | 'total' };
  /** What the consumer has to spend; absent: nothing. */
  readonly credit?: string;
  readonly limits?: Readonly<Record<string, number>>;
}

/** Posts, expects success, and returns the answer. */
export async function post<T>(modelyard: Pick<Harness, 'call'>, path: string, body: unknown, key?: string): Promise<T> {
  const response = await modelyard.call(path, { body, ...(key !== undefined && { key }) });
  const answer = (await response.json()) as T;
  expect(response.status, JSON.stringify(answer)).toBeLessThan(300);
  return answer;
}

export async function get<T>(modelyard: Pick<Harness, 'call'>, path: string, key?: string): Promise<T> {
  const response = await modelyard.call(path, key === undefined ? {} : { key });
  const answer = (await response.json()) as T;
  expect(response.status, JSON.stringify(answer)).toBeLessThan(300);
  return answer;
}

/** Sells `lab/NAME`, which is deployed already. */
export async function openMarket(modelyard: Harness, name: string, options: MarketOptions): Promise<Market> {
  const { rates, quota, credit, limits } = options;
  const model = `lab/${name}`;
  const { key: publisher } = await modelyard.makeKey({ name: `publisher of ${name}`, org: 'lab', role: 'publisher' });
  const { key: consumer } = await modelyard.makeKey({ name: `consumer of ${name}`, org: 'acme', role: 'consumer' });
  const listing = await post<{ id: string }>(modelyard, '/api/v1/listings', { deployment: model, title: name, visibility: 'public' }, publisher);
  const order = { name: 'standard', kind: rates ? 'pay_per_use' : 'free', ...(rates && { rates }), ...(quota && { quota }), ...(limits && { limits }) };
  const plan = await post<{ id: string }>(modelyard, `/api/v1/listings/${listing.id}/plans`, order, publisher);
  await post(modelyard, `/api/v1/listings/${listing.id}/submit`, {}, publisher);
  await post(modelyard, `/api/v1/listings/${listing.id}/approve`, {});
  const subscription = await post<{ id: string }>(modelyard, '/api/v1/subscriptions', { listing: listing.id, plan: 'standard' }, consumer);
  if (credit !== undefined) await post(modelyard, '/api/v1/credits', { id: `for-${name}`, org: 'acme', amount: credit });
  return { publisher, consumer, model, listing: listing.id, plan: plan.id, subscription: subscription.id };
}

export const walletOf = async (modelyard: Pick<Harness, 'call'>, key: string): Promise<string> => (await get<{ available: string }>(modelyard, '/api/v1/wallet', key)).available;
