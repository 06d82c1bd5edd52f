import type { Db, Tx } from '../../db/open.ts';
import type { Catalogue } from '../catalogue/index.ts';
import type { Pricing } from '../pricing/index.ts';
import { listBudgets } from './budget-store.ts';
import { type Contract, newestFirst, type Subscription, type Terms } from './model.ts';
import { listActive } from './subscription-store.ts';

export interface TermsSources {
  readonly catalogue: Pick<Catalogue, 'plansOf'>;
  readonly pricing: Pick<Pricing, 'priceOf' | 'fetch'>;
}

/** Joins contracts with their plans and prices, and budgets, by organisation: by a handful of queries, however many keys there are. */
export async function readTerms({ catalogue, pricing }: TermsSources, on: Db | Tx, orgIds?: readonly string[]): Promise<ReadonlyMap<string, Terms>> {
  if (orgIds?.length === 0) return new Map();
  const subscriptions = await listActive(on, orgIds);
  const budgets = orgIds?.length === 1 ? await listBudgets(on, { orgId: orgIds[0] ?? '' }) : await listBudgets(on);
  const quotas = new Map(budgets.flatMap((budget) => (budget.subscription === undefined ? [] : [[budget.subscription, budget] as const])));
  const plans = await catalogue.plansOf(
    on,
    subscriptions.map(({ planId }) => planId),
  );
  await pricing.fetch(
    on,
    subscriptions.map(({ priceVersion }) => priceVersion),
  );
  const join = (subscription: Subscription): Contract => {
    const { plan, listing } = plans.get(subscription.planId) ?? {};
    const asked = { deployment: subscription.deployment, orgId: listing?.orgId ?? '', isPaid: plan?.kind !== 'free' };
    const quota = quotas.get(subscription.id);
    // A free plan is nothing without the quota that counts it.
    const isWhole = plan !== undefined && (plan.kind !== 'free' || quota !== undefined);
    return {
      ...subscription,
      price: (isWhole ? pricing.priceOf(subscription.priceVersion, asked) : undefined) ?? 'unavailable',
      limits: plan?.limits ?? {},
      quota: quota && quota.unit !== 'micros' ? { id: quota.id, unit: quota.unit } : undefined,
    };
  };
  const contracts = Map.groupBy(subscriptions.map(join), ({ orgId }) => orgId);
  const own = Map.groupBy(
    budgets.filter(({ subscription }) => subscription === undefined),
    ({ orgId }) => orgId,
  );
  return new Map(
    [...new Set([...contracts.keys(), ...own.keys()])].map((orgId) => [orgId, { contracts: (contracts.get(orgId) ?? []).toSorted(newestFirst), budgets: own.get(orgId) ?? [] }]),
  );
}
