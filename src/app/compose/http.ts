import type { Clock } from '../../base/clock.ts';
import { VERSION } from '../../contract/version.ts';
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
import { createControl } from '../../http/control.ts';
import { createExposure } from '../../http/exposure.ts';
import { createListener } from '../../http/listener.ts';
import type { Pressure } from '../../http/pressure.ts';
import { readCertificate } from '../certificate.ts';
import type { Config } from '../config.ts';
import type { Readiness } from '../readiness.ts';
import type { Modelyard } from './modelyard.ts';

export interface HttpParts {
  readonly modelyard: Modelyard;
  readonly clock: Clock;
  readonly config: Pick<Config, 'exposure' | 'sockets'>;
  readonly pressure: Pressure;
  readonly environment: Readonly<Record<string, string | undefined>>;
  ready(): Readiness;
}

/** The one server: inference routes by the data plane, all else by the control API. */
export async function composeHttp({ modelyard, clock, config, pressure, environment, ready }: HttpParts) {
  const { control, plane, events, metrics } = modelyard;
  const { audit } = modelyard.written;
  const exposure = createExposure(config.exposure);
  const certificate = config.exposure.tls && (await readCertificate(config.exposure.tls));
  return createControl({
    clock,
    authenticate: plane.authenticate,
    exposure,
    audit,
    version: VERSION,
    domains: [...routesOf(control, { clock, environment }), auditRoutes(audit)],
    operations: { ready, live: () => !pressure.shedding, metrics },
    failed: (fault) => events.callRefused('control', fault),
    createServer: (handler) => createListener({ clock, inference: plane.inference, exposure, certificate, sockets: config.sockets, pressure }, handler),
  });
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
