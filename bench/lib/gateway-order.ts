import type { Manifest } from '../../src/contract/manifest.ts';

/** How the gateway arm is to be started, as JSON. */
export interface GatewayOrder {
  /** Where all engines are: the mock upstream, by a launcher double. Without it the local launcher starts real engines as children. */
  readonly upstream?: { readonly port: number; readonly slots: number };
  /** Blobs are kept here between runs. */
  readonly blobs?: string;
  readonly models: readonly ModelOrder[];
  /** A database file that it begins with: a copy of it. */
  readonly database?: string;
  /** `none`: a DOUBLE of the usage log takes the records of calls, and keeps nothing. */
  readonly metering?: 'none';
  /** Its event loop is watched: a timer each millisecond, which the other bars are not to pay for. */
  readonly loopDelay?: true;
}

export type ModelOrder = ModelSource & {
  /** It is published only: the bar deploys it. */
  readonly isDeployed?: false;
};

type ModelSource =
  | { readonly name: string; readonly manifest: Manifest }
  /** A weights file of the bench's own. */
  | { readonly name: string; readonly file: string; readonly maxBatchSize: number }
  /** A starter's files; `raw`: without its pipeline, as a plain tensor model. */
  | { readonly name: string; readonly starter: string; readonly raw?: boolean; readonly maxBatchSize?: number; readonly engineOptions?: Readonly<Record<string, unknown>> };

export interface GatewayReady {
  readonly port: number;
  readonly key: string;
  /** For the control API. */
  readonly operatorKey: string;
  /** From the begin of its start until it served. */
  readonly startMs: number;
}

/** What the gateway arm is asked: its usage rows, how late its event loop was since it was last asked, or what an engine of a model is told when it starts. */
export type GatewayQuestion = 'usage' | 'loop' | { readonly engineOf: string };

/** Node's `monitorEventLoopDelay`, less its own resolution. */
export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface UsageTotals {
  readonly calls: number;
  readonly failed: number;
  readonly completionTokens: number;
}
