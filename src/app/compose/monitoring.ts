import type { Clock } from '../../base/clock.ts';
import type { Deployments } from '../../control-plane/deployments/index.ts';
import type { Evaluation } from '../../control-plane/evaluation/index.ts';
import { Alerts, Deliveries, History, type LiveFigures, Monitoring, Quality, Rules, Slos } from '../../control-plane/monitoring/index.ts';
import type { Db } from '../../db/open.ts';
import type { Egress } from '../../egress/egress.ts';

export interface MonitoringParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly evaluation: Evaluation;
  readonly live: LiveFigures;
  readonly egress: Egress;
  readonly signingKey: Buffer;
  problem(error: unknown): void;
}

/** What happened, how things are, and who is told when they are not as they should be. */
export function composeMonitoring({ db, clock, deployments, evaluation, live, egress, signingKey, problem }: MonitoringParts) {
  const monitoring = new Monitoring({ db, clock, deployments, live, problem });
  const history: History = new History({ db, clock, deployments, live, problem, written: (rollups) => slos.written(rollups) });
  const slos = new Slos({ db, clock, deployments, history });
  const rules = new Rules({ db, clock, deployments, egress, signingKey });
  const deliveries = new Deliveries({
    db,
    clock,
    egress,
    problem,
    receiver(ruleId) {
      const rule = rules.byId(ruleId);
      const secret = rule && rules.secretOf(rule);
      return rule?.webhookUrl === undefined || secret === undefined ? undefined : { url: rule.webhookUrl, madeBy: rule.byOperator ? 'operator' : 'tenant', secret };
    },
  });
  const alerts = new Alerts({
    db,
    clock,
    deployments,
    live,
    rules,
    deliveries,
    slos,
    problem,
    quality: new Quality(evaluation, clock),
    record: ({ orgId, ...event }) => monitoring.record({ ...event, revision: '', replica: '', node: '' }, orgId),
  });
  const happened = (event: Parameters<Monitoring['record']>[0]) => {
    monitoring.record(event);
    if (event.state === 'crashed') history.restarted(event.deployment);
  };
  return { monitoring, rules, deliveries, alerts, history, slos, happened };
}
