import type { DatasetFormat } from './run/dataset.ts';
import type { RevisionFacts } from './ports.ts';
import type { RunSettings } from './run/settings.ts';

export const CONCURRENCY_DEFAULT = 4;
export const FAILURES_SHARE_DEFAULT = 0.05;
/** So many failed examples are listed; all are counted. */
export const FAILURES_LISTED_MAX = 100;

/** What is to be evaluated on what. */
export interface RunOrder extends RunSettings {
  /** `NAME`, or `NAME:VERSION` for the live revision with that version. */
  readonly deployment: string;
  /** The digest of a dataset that was sent. */
  readonly dataset: string;
  /** Calls at a time. */
  readonly concurrency?: number;
  /** The run fails when more than this share of the examples does, 0 … 1. */
  readonly maxFailures?: number;
}

/** A job's input: what was ordered, by which key, and the run whose answers it goes on with. */
export interface RunInput extends RunOrder {
  readonly run: string;
  readonly keyId: string;
}

export interface FailedExample {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What a report says of the run that made it. Only `dataset`, `settings`, `versions` and `failed` are in the report's digest: the rest is of this one run. */
export interface RunFacts {
  readonly id: string;
  readonly deployment: string;
  readonly dataset: { readonly digest: string; readonly format: DatasetFormat; readonly examples: number };
  readonly settings: RunSettings;
  /** The model versions that answered; more than one where the traffic is split, or moved meanwhile. */
  readonly versions: readonly Omit<RevisionFacts, 'id'>[];
  readonly revisions: readonly (RevisionFacts & { readonly answers: number })[];
  readonly failed: { readonly count: number; readonly listed: readonly FailedExample[] };
  /** Of a call, in milliseconds: the 50th and the 99th percentile. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly tokens: { readonly prompt: number; readonly completion: number };
}
