import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Fault } from '../contract/errors.ts';
import type { UsageRecord } from '../contract/usage.ts';
import type { Logger } from './log.ts';

/** One function per thing that happens: its log line and its metrics together. Names follow OpenTelemetry's GenAI conventions. */
export interface Events {
  callFinished(record: UsageRecord): void;
  callRefused(operation: string, fault: Fault): void;
  replicaChanged(change: ReplicaChange): void;
  usageProblem(problem: { readonly message: string; readonly error?: unknown }): void;
  /** Something in the control plane failed behind a caller's back. */
  controlProblem(error: unknown): void;
  jobFailed(kind: string, fault: Fault): void;
  keyChanged(what: 'created' | 'revoked' | 'rotated', keyId: string, orgId: string): void;
}

export interface ReplicaChange {
  readonly replica: string;
  readonly deployment: string;
  readonly state: string;
  readonly reason?: string;
}

export interface LoadSample {
  readonly name: string;
  readonly waiting: number;
  readonly running: number;
}

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** `load` is asked when metrics are read. */
export function createTelemetry(log: Logger, load: () => readonly LoadSample[]): { events: Events; registry: Registry } {
  const registry = new Registry();
  const on = { registers: [registry] };
  const callLabels = ['gen_ai_operation_name', 'gen_ai_request_model', 'status'] as const;
  const duration = new Histogram({
    ...on,
    name: 'gen_ai_server_request_duration_seconds',
    help: "Time from a call's arrival to its end",
    labelNames: callLabels,
    buckets: DURATION_BUCKETS,
  });
  const firstByte = new Histogram({
    ...on,
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: "Time from a call's arrival to the first byte of its answer",
    labelNames: callLabels,
    buckets: DURATION_BUCKETS,
  });
  const tokens = new Counter({ ...on, name: 'gen_ai_client_token_usage_total', help: 'Tokens metered', labelNames: ['gen_ai_request_model', 'gen_ai_token_type'] });
  const refused = new Counter({
    ...on,
    name: 'modelyard_calls_refused_total',
    help: 'Calls that ended before or instead of an answer',
    labelNames: ['gen_ai_operation_name', 'kind'],
  });
  const replicas = new Counter({ ...on, name: 'modelyard_replica_changes_total', help: 'State changes of engine replicas', labelNames: ['deployment', 'state'] });
  const problems = new Counter({ ...on, name: 'modelyard_usage_problems_total', help: 'Failed attempts to post usage records' });
  loadGauges(registry, load);
  return {
    registry,
    events: {
      callFinished(record) {
        const labels = { gen_ai_operation_name: record.operation, gen_ai_request_model: record.deployment, status: record.status };
        duration.observe(labels, record.durationMs / 1000);
        if (record.stages['first_byte'] !== undefined) firstByte.observe(labels, record.stages['first_byte'] / 1000);
        tokens.inc({ gen_ai_request_model: record.deployment, gen_ai_token_type: 'input' }, record.promptTokens);
        tokens.inc({ gen_ai_request_model: record.deployment, gen_ai_token_type: 'output' }, record.completionTokens);
        if (log.isLevelEnabled('debug')) log.debug({ ...record }, 'call finished');
      },
      callRefused(operation, fault) {
        refused.inc({ gen_ai_operation_name: operation, kind: fault.kind });
        if (fault.kind === 'internal' || fault.kind === 'bad_upstream') log.error({ operation, code: fault.code, err: fault.cause ?? fault }, 'call failed');
        else log.debug({ operation, code: fault.code }, 'call refused');
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
      jobFailed: (kind, fault) => log.error({ kind, code: fault.code, err: fault.cause ?? fault }, 'job failed'),
      keyChanged: (what, keyId, orgId) => log.info({ keyId, orgId }, `key ${what}`),
    },
  };
}

function loadGauges(registry: Registry, load: () => readonly LoadSample[]): void {
  for (const field of ['waiting', 'running'] as const) {
    new Gauge({
      registers: [registry],
      name: `modelyard_calls_${field}`,
      help: `Calls ${field} now`,
      labelNames: ['deployment'],
      collect() {
        this.reset();
        for (const sample of load()) this.set({ deployment: sample.name }, sample[field]);
      },
    });
  }
}
