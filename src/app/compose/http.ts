import { auditRoutes } from '../../control-plane/audit/index.ts';
import { catalogueRoutes } from '../../control-plane/catalogue/index.ts';
import { billingRoutes, receiptRoutes, statementRoutes } from '../../control-plane/billing/index.ts';
import { costRoutes } from '../../control-plane/costing/index.ts';
import { deploymentRoutes } from '../../control-plane/deployments/index.ts';
import { subscriptionRoutes } from '../../control-plane/entitlements/index.ts';
import { evaluationRoutes, evaluationRunRoutes } from '../../control-plane/evaluation/index.ts';
import { identityRoutes } from '../../control-plane/identity/index.ts';
import { jobRoutes } from '../../control-plane/jobs/index.ts';
import { alertRoutes, historyRoutes, monitoringRoutes, sloRoutes } from '../../control-plane/monitoring/index.ts';
import { ledgerRoutes } from '../../control-plane/ledger/index.ts';
import { pullRoutes, registryRoutes } from '../../control-plane/registry/index.ts';
import { upstreamRoutes } from '../../control-plane/upstreams/index.ts';
import { usageRoutes } from '../../control-plane/usage/index.ts';
import type { Modelyard } from './modelyard.ts';
import { composeServer, type ServerParts } from './server.ts';

export interface HttpParts extends Omit<ServerParts, 'plane' | 'events' | 'metrics'> {
  readonly modelyard: Modelyard;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The server of a whole Modelyard. */
export function composeHttp({ modelyard, environment, ...parts }: HttpParts) {
  const { control, plane, events, metrics } = modelyard;
  const { audit } = modelyard.written;
  return composeServer({ plane, events, metrics, ...parts }, { audit, domains: [...routesOf(control, { clock: parts.clock, environment }), auditRoutes(audit)] });
}

/** What is mounted under `/api/v1`. */
function routesOf(control: Modelyard['control'], { clock, environment }: Pick<HttpParts, 'clock' | 'environment'>) {
  const { identity, usage, registry, deployments, jobs, monitoring, evaluation, evaluationRuns, costing, ledger, catalogue, subscriptions, spendingLimits } = control;
  const { billing, leasing, refunds, receipts, statements, organisations, currency, own } = control;
  return [
    identityRoutes(identity),
    usageRoutes(usage),
    registryRoutes(registry),
    pullRoutes({ registry, jobs, filePulls: control.filePulls, environment }),
    deploymentRoutes(deployments),
    upstreamRoutes(control.upstreams),
    jobRoutes(jobs),
    monitoringRoutes(monitoring),
    alertRoutes(control),
    historyRoutes(control.history),
    sloRoutes(control.slos),
    evaluationRoutes(evaluation),
    evaluationRunRoutes(evaluationRuns),
    costRoutes(costing),
    catalogueRoutes(catalogue),
    subscriptionRoutes(subscriptions, spendingLimits),
    ledgerRoutes(ledger, organisations, billing),
    billingRoutes({ refunds, leasing, organisations, ownGateway: own.name }),
    receiptRoutes(receipts),
    statementRoutes({ statements, organisations, clock, currency }),
  ];
}
