import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import type { MarketSection } from '../../control-plane/catalogue/index.ts';
import { Costing, type CostingSection, type Fleet, resolveRates } from '../../control-plane/costing/index.ts';
import type { Deployer, Scheduling } from '../../control-plane/deployments/index.ts';
import type { CallerChange } from '../../control-plane/entitlements/index.ts';
import type { Gateway } from '../../control-plane/evaluation/index.ts';
import { Identity } from '../../control-plane/identity/index.ts';
import type { LiveFigures } from '../../control-plane/monitoring/index.ts';
import type { HubSettings } from '../../control-plane/registry/index.ts';
import type { Repository } from '../../data-plane/ports.ts';
import type { Db } from '../../db/open.ts';
import type { Egress } from '../../egress/egress.ts';
import type { Events } from '../../telemetry/events.ts';
import { composeBooks } from './books.ts';
import type { Foreign } from './foreign.ts';
import { composeMarket } from './market.ts';
import { composeModels, type GarbageSettings } from './models.ts';
import { composeMonitoring } from './monitoring.ts';

export interface ControlPlaneParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  readonly blobFolder: string;
  readonly garbage: GarbageSettings;
  readonly hub: HubSettings;
  readonly threadsDefault: number;
  readonly scheduling: Scheduling;
  readonly live: LiveFigures;
  readonly fleet: Fleet;
  readonly costing: CostingSection | undefined;
  readonly market: MarketSection | undefined;
  readonly gateway: Gateway;
  /** What this server's own gateway is called in the book. */
  readonly gatewayName: string;
  /** A call waits so long for a database, milliseconds. */
  readonly waitMs: number;
  readonly egress: Egress;
  readonly foreign: Pick<Foreign, 'engines' | 'upstreams'>;
  /** The home's own secret, of which webhooks' secrets are made. */
  readonly signingKey: Buffer;
  publish(feed: RoutesFeed): void;
  /** A key's new entry, or that it is no more. */
  callerChanged(change: CallerChange): void;
}

/** The domains, joined by their indexes. */
export function composeControlPlane(parts: ControlPlaneParts) {
  const { db, clock, events, signingKey } = parts;
  const problem = (error: unknown) => events.controlProblem(error);
  const rates = resolveRates(parts.costing);
  const { currency } = rates.rates;
  const { entitlements, ...market } = composeMarket({
    db,
    clock,
    events,
    section: parts.market,
    currency,
    callerChanged: (change) => parts.callerChanged(change),
    margins: { of: async (viewer, deployment) => (await costing.costs(viewer, { by: 'model' })).rows.find(({ group }) => group === deployment)?.sold },
    joined: () => ({ ...models, identity, monitoring: watching.monitoring }),
  });
  const identity: Identity = new Identity({
    db,
    clock,
    isBudgeted: (keyId) => entitlements.isBudgeted(keyId),
    changed(key, what) {
      entitlements.keyChanged(key);
      events.keyChanged(what, key.id, key.orgId);
      return what === 'revoked' ? undefined : entitlements.refresh(key.orgId).catch(problem);
    },
  });
  const { pricing, budgets } = market;
  const books = composeBooks({
    db,
    clock,
    gateway: parts.gatewayName,
    waitMs: parts.waitMs,
    pricing,
    budgets,
    currency,
    signingKey,
    identity,
    problem,
    monitoring: () => watching.monitoring,
  });
  const models: ReturnType<typeof composeModels> = composeModels({
    ...parts,
    foreign: parts.foreign.engines,
    happened: (change) => watching.monitoring.record({ ...change, replica: '', node: '' }),
  });
  const watching: ReturnType<typeof composeMonitoring> = composeMonitoring({ ...parts, ...models, problem });
  const costing: Costing = new Costing({
    db,
    clock,
    rates,
    usage: books.usage,
    deployments: models.deployments,
    fleet: parts.fleet,
    prices: { priceOf: (deployment) => market.catalogue.soldAt(deployment) },
    organisations: books.organisations,
    problem,
  });
  return { identity, entitlements, ...market, ...books, ...models, costing, upstreams: parts.foreign.upstreams, ...watching };
}

export type ControlPlane = ReturnType<typeof composeControlPlane>;

/** OIP's load and unload are a deployment's begin and end under the model's own name. */
export function repositoryOf({ deployments, registry }: Pick<ControlPlane, 'deployments' | 'registry'>): Repository {
  return {
    async load(name, caller) {
      const known = deployments.list(caller).some((deployment) => deployment.name === name);
      if (!known) {
        await registry.select(caller, name);
        await deployments.deploy(caller, { model: name });
      }
      await deployments.ready(caller, name);
    },
    unload: (name, caller: Deployer) => deployments.undeploy(caller, name),
  };
}
