import type { Clock } from '../../base/clock.ts';
import { Catalogue, type Margins, type MarketSection, resolveMarket } from '../../control-plane/catalogue/index.ts';
import type { Deployments } from '../../control-plane/deployments/index.ts';
import { Budgets, type CallerChange, Entitlements, readTerms, SpendingLimits, Subscriptions } from '../../control-plane/entitlements/index.ts';
import type { Identity } from '../../control-plane/identity/index.ts';
import type { Monitoring } from '../../control-plane/monitoring/index.ts';
import { Pricing } from '../../control-plane/pricing/index.ts';
import type { Db } from '../../db/open.ts';
import type { Events } from '../../telemetry/events.ts';

export interface MarketParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  readonly section: MarketSection | undefined;
  readonly currency: string;
  readonly margins: Margins;
  callerChanged(change: CallerChange): void;
  /** What is there once all is joined. */
  joined(): { readonly deployments: Deployments; readonly identity: Identity; readonly monitoring: Monitoring };
}

/** Who sells what at which price, and who may call it on what terms. */
export function composeMarket({ db, clock, events, section, currency, margins, callerChanged, joined }: MarketParts) {
  const market = resolveMarket(section);
  const pricing = new Pricing({
    db,
    clock,
    currency,
    taxBasisPoints: market.taxBasisPoints,
    unavailable(version, reason, { deployment, orgId }) {
      events.priceUnavailable(version, deployment, reason);
      const event = {
        deployment,
        revision: '',
        replica: '',
        node: '',
        state: 'price_unavailable',
        reason: `the price ${version} can't be read: ${reason}; paid calls are refused`,
      };
      joined().monitoring.record(event, orgId);
    },
  });
  const catalogue: Catalogue = new Catalogue({
    db,
    clock,
    pricing,
    deployments: { get: (...of) => joined().deployments.get(...of), manifestOf: (name) => joined().deployments.manifestOf(name) },
    contracts: { reprice: (...of) => subscriptions.reprice(...of) },
    margins,
    market,
  });
  const entitlements = new Entitlements({
    db,
    terms: (on, orgIds) => readTerms({ catalogue, pricing }, on, orgIds),
    keys: (on, orgIds) => joined().identity.listLive(orgIds, on),
    onChanged: callerChanged,
  });
  const keys = { listKeys: (orgId: string) => joined().identity.listKeys(orgId) };
  const subscriptions: Subscriptions = new Subscriptions({
    db,
    clock,
    entitlements,
    catalogue,
    pricing,
    keys,
    noticeDays: market.noticeDays,
    priceChanges({ orgId, deployment, subscription, at }) {
      const reason = `the subscription ${subscription} has another price from ${new Date(at).toISOString()}`;
      joined().monitoring.record({ deployment, revision: '', replica: '', node: '', state: 'price_change', reason }, orgId);
    },
    problem: (error) => events.controlProblem(error),
  });
  const spendingLimits = new SpendingLimits({ db, clock, entitlements, keys });
  return { pricing, catalogue, entitlements, subscriptions, spendingLimits, budgets: new Budgets(entitlements.lineages) };
}
