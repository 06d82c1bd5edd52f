import type { Clock } from '../base/clock.ts';
import { Registry } from 'prom-client';
import type { Fault } from '../contract/errors.ts';
import type { UsageRecord } from '../contract/usage.ts';
import { createCounters } from './counters.ts';
import { CallStats, type CallTotals, registerCallStats } from './call-stats.ts';
import { registerProcess } from './process-gauges.ts';
import { type GaugeSources, registerGauges } from './gauges.ts';
import { type Execution, ModelStats } from './model-stats.ts';
import { RecentCalls, type RecentFigures } from './recent-calls.ts';
import { RevisionCalls } from './revision-calls.ts';
import type { Logger } from './log.ts';
import type { Tracing } from './tracing/tracing.ts';

/** One function per thing that happens: its log line and its metrics together. Names follow OpenTelemetry's GenAI conventions. */
export interface Events {
  callFinished(record: UsageRecord): void;
  callRefused(operation: string, fault: Fault): void;
  /** A call with an idempotency key was answered as before. */
  callReplayed(operation: string): void;
  /** A revision could not serve a call; another deployment is asked. */
  callFellBack(revision: string): void;
  /** Calls went to an engine together; of deployments that batch only. */
  batchSent(deployment: string, calls: number): void;
  /** An input has ended engines, and is refused from now on. */
  inputQuarantined(deployment: string): void;
  /** An engine has answered a call, or several together. */
  executed(execution: Execution): void;
  replicaChanged(change: ReplicaChange): void;
  usageProblem(problem: { readonly message: string; readonly error?: unknown }): void;
  /** Something in the control plane failed behind a caller's back. */
  controlProblem(error: unknown): void;
  jobFailed(kind: string, fault: Fault): void;
  /** Files that nothing needs were removed. Counts and bytes. */
  garbageCollected(report: { readonly blobs: number; readonly bytes: number; readonly partials: number; readonly partialBytes: number }): void;
  /** A price can't be read: nothing is sold by it. */
  priceUnavailable(version: string, deployment: string, reason: string): void;
  keyChanged(what: 'created' | 'revoked' | 'rotated', keyId: string, orgId: string): void;
}

export interface ReplicaChange {
  readonly replica: string;
  readonly deployment: string;
  readonly revision: string;
  readonly node: string;
  readonly state: string;
  readonly reason: string;
}

export interface Telemetry {
  readonly events: Events;
  readonly registry: Registry;
  /** Calls of the last minute, by deployment. */
  recent(): readonly RecentFigures[];
  /** Calls since the start, by deployment. */
  totals(): readonly CallTotals[];
  /** Calls by revision, while a rollout watches them. */
  readonly revisions: RevisionCalls;
  /** Calls since the start, by model version. */
  readonly models: ModelStats;
  /** Absent: calls are not traced. */
  readonly tracing: Tracing | undefined;
}

/** `sources` are asked when metrics are read. */
export function createTelemetry(log: Logger, clock: Clock, sources: GaugeSources, tracing?: Tracing): Telemetry {
  const registry = new Registry();
  const calls = new CallStats();
  registerCallStats(calls, registry);
  const recent = new RecentCalls();
  const revisions = new RevisionCalls();
  const models = new ModelStats();
  const { refused, replayed, replicas, problems, unpriced, quarantined, batches, freed } = createCounters(registry);
  registerGauges(registry, sources);
  registerProcess(registry);
  tracing?.countOn(registry);
  return {
    tracing,
    registry,
    revisions,
    models,
    recent: () => recent.now(clock.monotonic()),
    totals: () => calls.totals(),
    events: {
      callFinished(record) {
        calls.add(record);
        recent.add(record, clock.monotonic());
        revisions.add(record);
        models.add(record);
        if (log.isLevelEnabled('debug')) log.debug({ ...record }, 'call finished');
      },
      callRefused(operation, fault) {
        refused.inc({ gen_ai_operation_name: operation, kind: fault.kind });
        if (fault.kind === 'internal' || fault.kind === 'bad_upstream') log.error({ operation, code: fault.code, err: fault.cause ?? fault }, 'call failed');
        else log.debug({ operation, code: fault.code }, 'call refused');
      },
      callReplayed: (operation) => replayed.inc({ gen_ai_operation_name: operation }),
      batchSent: (deployment, count) => batches.observe({ deployment }, count),
      executed: (execution) => models.executed(execution),
      callFellBack: (revision) => revisions.failed(revision),
      inputQuarantined(deployment) {
        quarantined.inc({ deployment });
        log.warn({ deployment }, 'an input that ends engines is refused for an hour');
      },
      replicaChanged({ replica, deployment, state, reason }) {
        replicas.inc({ deployment, state });
        log.info({ replica, deployment, state, reason }, 'replica changed');
      },
      usageProblem({ message, error }) {
        problems.inc();
        log.error({ err: error }, message);
      },
      controlProblem: (error) => log.error({ err: error }, 'control plane problem'),
      garbageCollected({ blobs, bytes, partials, partialBytes }) {
        freed.inc(bytes + partialBytes);
        log.info({ blobs, bytes, partials, partialBytes }, 'garbage collected');
      },
      jobFailed: (kind, fault) => log.error({ kind, code: fault.code, err: fault.cause ?? fault }, 'job failed'),
      priceUnavailable(version, deployment, reason) {
        unpriced.inc({ deployment });
        log.error({ version, deployment, reason }, 'price unavailable: paid calls are refused');
      },
      keyChanged: (what, keyId, orgId) => log.info({ keyId, orgId }, `key ${what}`),
    },
  };
}
