import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import type { MarketSection } from '../../control-plane/catalogue/index.ts';
import { Costing, type CostingSection, type Fleet, resolveRates } from '../../control-plane/costing/index.ts';
import { type Deployer, Deployments, type Scheduling } from '../../control-plane/deployments/index.ts';
import { Evaluation, EvaluationRuns, type Gateway } from '../../control-plane/evaluation/index.ts';
import { Identity, PLATFORM } from '../../control-plane/identity/index.ts';
import type { LiveFigures } from '../../control-plane/monitoring/index.ts';
import { Ledger } from '../../control-plane/ledger/index.ts';
import { Jobs } from '../../control-plane/jobs/index.ts';
import { BlobStore, Registry } from '../../control-plane/registry/index.ts';
import { Replays } from '../../control-plane/replays/index.ts';
import { Usage } from '../../control-plane/usage/index.ts';
import type { Repository } from '../../data-plane/ports.ts';
import type { Db } from '../../db/open.ts';
import type { Egress } from '../../egress/egress.ts';
import type { Events } from '../../telemetry/events.ts';
import { composeBilling } from './billing.ts';
import { composeMarket } from './market.ts';
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
  readonly egress: Egress;
  /** The home's own secret, of which webhooks' secrets are made. */
  readonly signingKey: Buffer;
  /** Of this process's gateway: unlike any other's on this database. */
  readonly gatewayName: string;
  publish(feed: RoutesFeed): void;
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
  const usage = new Usage(db);
  const replays = new Replays({ db, clock, charges: usage, problem: (error) => events.controlProblem(error) });
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
    problem: (error) => events.controlProblem(error),
    happened: (change) => watching.monitoring.record({ ...change, replica: '', node: '' }),
  });
  const ledger = new Ledger(db, clock);
  const jobs = new Jobs({ db, clock, failed: (kind, fault) => events.jobFailed(kind, fault) });
  const evaluationRuns = new EvaluationRuns({ db, clock, jobs, evaluation, gateway: parts.gateway });
  const { live, egress, signingKey } = parts;
  const watching: ReturnType<typeof composeMonitoring> = composeMonitoring({
    db,
    clock,
    deployments,
    evaluation,
    live,
    egress,
    signingKey,
    problem: (error) => events.controlProblem(error),
  });
  const costing: Costing = new Costing({
    db,
    clock,
    rates,
    usage,
    deployments,
    fleet: parts.fleet,
    prices: { priceOf: (deployment) => market.catalogue.soldAt(deployment) },
    organisations: { names: async () => new Map((await identity.listOrgs()).map(({ id, name }) => [id, name])) },
    problem: (error) => events.controlProblem(error),
  });
  const { pricing, budgets } = market;
  const billing = composeBilling({ ...parts, usage, ledger, pricing, budgets, identity, monitoring: watching.monitoring, problem: (error) => events.controlProblem(error) });
  return { identity, entitlements, ...market, ...billing, usage, replays, registry, deployments, jobs, evaluation, evaluationRuns, ledger, costing, ...watching };
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
