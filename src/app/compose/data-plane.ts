import type { Clock } from '../../base/clock.ts';
import type { RoutesFeed } from '../../contract/feeds.ts';
import { VERSION } from '../../contract/version.ts';
import { createAdmit } from '../../data-plane/admit/admit.ts';
import { Credit } from '../../data-plane/admit/credit.ts';
import { createAuthenticate } from '../../data-plane/authenticate/authenticate.ts';
import { Dispatch } from '../../data-plane/dispatch/dispatch.ts';
import type { Callers, ForeignServers, LeaseSource, Replays, Repository, UsageSink } from '../../data-plane/ports.ts';
import { createRequestPath } from '../../data-plane/request-path.ts';
import { RoutesTable } from '../../data-plane/routes-table.ts';
import type { AuditLog } from '../../http/audit-hook.ts';
import { createInferenceHandler } from '../../http/inference.ts';
import type { Telemetry } from '../../telemetry/events.ts';

export interface DataPlaneParts {
  readonly clock: Clock;
  readonly callers: Callers;
  readonly usage: UsageSink;
  readonly leases: LeaseSource;
  readonly foreign: ForeignServers;
  readonly replays: Replays;
  readonly repository: Repository;
  readonly audit?: AuditLog;
  readonly telemetry: Pick<Telemetry, 'events' | 'models' | 'tracing'>;
  readonly limits: { readonly bodyBytesMax: number; readonly queueMax: number; readonly freeWhenUnavailable: boolean; readonly leaseWaitMs: number; readonly asTriton: boolean };
  /** A call waits for a model that is not loaded. */
  wake(): void;
  ready(): boolean;
  live(): boolean;
}

export type DataPlane = ReturnType<typeof composeDataPlane>;

/** The gateway: its stages joined, waiting for its first routes. */
export function composeDataPlane(parts: DataPlaneParts) {
  const { clock, callers, usage, replays, repository, telemetry, limits } = parts;
  const { events } = telemetry;
  const credit = new Credit({
    clock,
    source: parts.leases,
    waitMs: limits.leaseWaitMs,
    freeWhenUnavailable: limits.freeWhenUnavailable,
    problem: (error) => events.usageProblem({ message: 'credit could not be leased or given back', error }),
  });
  const routes = new RoutesTable();
  const dispatch = new Dispatch({
    clock,
    queueMax: limits.queueMax,
    foreign: parts.foreign,
    wake: () => parts.wake(),
    batched: (deployment, calls) => events.batchSent(deployment, calls),
    quarantined: (deployment) => events.inputQuarantined(deployment),
    executed: (execution) => events.executed(execution),
  });
  const authenticate = createAuthenticate(callers, clock);
  const requestPath = createRequestPath({
    clock,
    authenticate,
    routes,
    admit: createAdmit(clock, credit),
    dispatch,
    usage,
    replays,
    bodyBytesMax: limits.bodyBytesMax,
    tracing: telemetry.tracing,
    events: {
      finished: (record) => events.callFinished(record),
      refused: (operation, fault) => events.callRefused(operation, fault),
      fellBack: (revision) => events.callFellBack(revision),
      replayed: (operation) => events.callReplayed(operation),
    },
  });
  const { ready, audit } = parts;
  const inference = createInferenceHandler({
    requestPath,
    authenticate,
    routes,
    repository,
    statistics: telemetry.models,
    asTriton: limits.asTriton,
    clock,
    audit,
    ready,
    live: parts.live,
    version: VERSION,
  });
  return {
    authenticate,
    inference,
    dispatch,
    routes,
    credit,
    update(feed: RoutesFeed): void {
      if (routes.update(feed)) dispatch.update(feed);
    },
  };
}
