import type { Clock } from '../../base/clock.ts';
import { Billing, Leasing, OwnGateway, Receipts, Refunds, Statements, Upkeep } from '../../control-plane/billing/index.ts';
import type { Budgets } from '../../control-plane/entitlements/index.ts';
import type { Identity } from '../../control-plane/identity/index.ts';
import type { Ledger } from '../../control-plane/ledger/index.ts';
import type { Monitoring } from '../../control-plane/monitoring/index.ts';
import type { Pricing } from '../../control-plane/pricing/index.ts';
import type { Usage } from '../../control-plane/usage/index.ts';
import type { Db } from '../../db/open.ts';

export interface BillingParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly usage: Usage;
  readonly ledger: Ledger;
  readonly pricing: Pricing;
  readonly budgets: Budgets;
  readonly identity: Identity;
  readonly monitoring: Monitoring;
  readonly signingKey: Buffer;
  /** Of this process's gateway: unlike any other's on this database. */
  readonly gatewayName: string;
  problem(error: unknown): void;
}

/** What usage costs whom, and the credit that gateways spend. */
export function composeBilling({ db, clock, usage, ledger, pricing, budgets, identity, monitoring, signingKey, gatewayName, problem }: BillingParts) {
  const prices = {
    async priceOf(version: string, asked: { readonly deployment: string; readonly orgId: string }) {
      // Another server may have made it.
      await pricing.fetch(db, [version]);
      return pricing.priceOf(version, asked);
    },
  };
  const happened = ({ orgId, ...event }: { readonly orgId: string; readonly deployment: string; readonly state: string; readonly reason: string }) =>
    monitoring.record({ ...event, revision: '', replica: '', node: '' }, orgId);
  const organisations = { byName: (name: string) => identity.orgByName(name), names: async () => new Map((await identity.listOrgs()).map(({ id, name }) => [id, name])) };
  const billing = new Billing({ db, clock, usage, ledger, prices, budgets, happened, problem });
  const leasing = new Leasing({ db, clock, ledger, budgets, happened });
  return {
    billing,
    leasing,
    ownGateway: new OwnGateway(leasing, gatewayName),
    organisations,
    receipts: new Receipts({ db, clock, usage, prices, organisations, signingKey }),
    refunds: new Refunds({ db, ledger, usage, prices }),
    statements: new Statements(db),
    upkeep: new Upkeep({ clock, ledger, billing, leasing, problem }),
  };
}
