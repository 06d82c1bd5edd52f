import type { Registry } from 'prom-client';
import type { Clock } from '../../base/clock.ts';
import type { Fault } from '../../contract/errors.ts';
import type { UsageRecord } from '../../contract/usage.ts';

/** Where spans go, and how many. */
export interface OtlpSettings {
  /** The whole address that OTLP/HTTP posts to: `http://collector:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of calls that bring no decision of their own, the share that is traced: 0 to 1. */
  readonly ratio: number;
  readonly serviceName: string;
}

/** Traces of calls, where an operator collects them. Absent in most installations: then nothing of this costs a call anything. */
export interface Tracing {
  /** Of a call whose key is good. */
  begin(call: TracedCall): CallTrace;
  /** Says what became of spans, when metrics are read. */
  countOn(registry: Registry): void;
  /** Sends what is left, for a moment. */
  close(): Promise<void>;
}

export interface TracedCall {
  readonly operation: string;
  readonly requestId: string;
  readonly orgName: string;
  readonly startedAtMs: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
}

/** The span of one call. Its end is told once; what comes after it is not looked at. Neither prompts nor keys ever come near it (X1). */
export interface CallTrace {
  /** W3C trace context for whom the call is sent to, as name, value, name, value. */
  readonly headers: readonly string[];
  resolved(deployment: string): void;
  finished(record: UsageRecord, fault: Fault | undefined): void;
  refused(fault: Fault, stages: Readonly<Record<string, number | undefined>>, durationMs: number): void;
  /** Answered as its key's first call was. */
  replayed(durationMs: number): void;
}

export interface TracingParts {
  readonly clock: Clock;
  problem(error: unknown): void;
}
