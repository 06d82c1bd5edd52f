import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import type { MarketSection } from '../../control-plane/catalogue/index.ts';
import { Receipts, Refunds, Statements } from '../../control-plane/billing/index.ts';
import { Costing, type CostingSection, type Fleet, resolveRates } from '../../control-plane/costing/index.ts';
import { type Deployer, Deployments, type Scheduling } from '../../control-plane/deployments/index.ts';
import type { CallerChange } from '../../control-plane/entitlements/index.ts';
import { Evaluation, EvaluationRuns, type Gateway } from '../../control-plane/evaluation/index.ts';
import { Identity, PLATFORM } from '../../control-plane/identity/index.ts';
import type { LiveFigures } from '../../control-plane/monitoring/index.ts';
import { Jobs } from '../../control-plane/jobs/index.ts';
import { BlobStore, Registry } from '../../control-plane/registry/index.ts';
import type { Repository } from '../../data-plane/ports.ts';
import type { Db } from '../../db/open.ts';
import type { Egress } from '../../egress/egress.ts';
import type { Events } from '../../telemetry/events.ts';
import { composeMarket } from './market.ts';
import { composeMoney } from './money.ts';
import { composeMonitoring } from './monitoring.ts';

export interface ControlPlaneParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly events: Events;
  readonly blobFolder: string;
  readonly threadsDefault: number;
  readonly scheduling: Scheduling;
  readonly live: LiveFigures;
  readonly fleet: Fleet;
  readonly costing: CostingSection | undefined;
  readonly market: MarketSection | undefined;
  readonly gateway: Gateway;
  /** What this server's own gateway is called in the book. */
  readonly gatewayName: string;
  readonly egress: Egress;
  /** The home's own secret, of which webhooks' secrets are made. */
  readonly signingKey: Buffer;
  publish(feed: RoutesFeed): void;
  /** A key's new entry, or that it is no more. */
  callerChanged(change: CallerChange): void;
}

/** The domains, joined by their indexes. */
export function composeControlPlane(parts: ControlPlaneParts) {
  const { db, clock, events, scheduling, publish, threadsDefault } = parts;
  const rates = resolveRates(parts.costing);
  const { entitlements, ...market } = composeMarket({
    db,
    clock,
    events,
    section: parts.market,
    currency: rates.rates.currency,
    callerChanged: (change) => parts.callerChanged(change),
    margins: { of: async (viewer, deployment) => (await costing.costs(viewer, { by: 'model' })).rows.find(({ group }) => group === deployment)?.sold },
    joined: () => ({ deployments, identity, monitoring: watching.monitoring }),
  });
  const identity: Identity = new Identity({
    db,
    clock,
    isBudgeted: (keyId) => entitlements.isBudgeted(keyId),
    changed(key, what) {
      entitlements.keyChanged(key);
      events.keyChanged(what, key.id, key.orgId);
    },
  });
  const problem = (error: unknown) => events.controlProblem(error);
  const { usage, ledger, billing, leasing, prices, replays, own } = composeMoney({
    db,
    clock,
    gateway: parts.gatewayName,
    pricing: market.pricing,
    budgets: market.budgets,
    happened: ({ orgId, ...event }) => watching.monitoring.record({ ...event, revision: '', replica: '', node: '' }, orgId),
    problem,
  });
  const registry: Registry = new Registry({
    db,
    clock,
    blobs: new BlobStore(parts.blobFolder),
    platformName: PLATFORM,
    deployedDigests: () => deployments.deployedDigests(),
  });
  const evaluation = new Evaluation(db, clock);
  const deployments: Deployments = new Deployments({
    db,
    clock,
    registry,
    evaluation,
    scheduling,
    threadsDefault,
    publish,
    problem,
    happened: (change) => watching.monitoring.record({ ...change, replica: '', node: '' }),
  });
  const jobs = new Jobs({ db, clock, failed: (kind, fault) => events.jobFailed(kind, fault) });
  const evaluationRuns = new EvaluationRuns({ db, clock, jobs, evaluation, gateway: parts.gateway });
  const { live, egress, signingKey } = parts;
  const organisations = {
    byName: (name: string) => identity.orgByName(name),
    names: async () => new Map((await identity.listOrgs()).map(({ id, name }) => [id, name])),
  };
  const watching: ReturnType<typeof composeMonitoring> = composeMonitoring({
    db,
    clock,
    deployments,
    evaluation,
    live,
    egress,
    signingKey,
    problem,
  });
  const costing: Costing = new Costing({
    db,
    clock,
    rates,
    usage,
    deployments,
    fleet: parts.fleet,
    prices: { priceOf: (deployment) => market.catalogue.soldAt(deployment) },
    organisations,
    problem,
  });
  const books = {
    receipts: new Receipts({ db, clock, usage, prices, organisations, signingKey }),
    refunds: new Refunds({ db, ledger, usage, prices }),
    statements: new Statements(db),
    currency: rates.rates.currency,
    organisations,
  };
  return {
    identity,
    entitlements,
    ...market,
    usage,
    ledger,
    billing,
    leasing,
    replays,
    own,
    ...books,
    registry,
    deployments,
    jobs,
    evaluation,
    evaluationRuns,
    costing,
    ...watching,
  };
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
