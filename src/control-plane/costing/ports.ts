import type { Price } from './price-floor.ts';

/** What costing needs of the scheduler; `app/` gives it. */
export interface Fleet {
  nodes(): readonly NodeCapacity[];
  /** Every replica that holds resources now, whether it serves, starts or ends. */
  replicas(): readonly ReplicaHolding[];
}

/** What a node has for engines. */
export interface NodeCapacity {
  readonly id: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

export interface ReplicaHolding {
  readonly id: string;
  readonly deployment: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Asked for. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  /** Measured; undefined where it can't be. CPU seconds are since the replica's start. */
  readonly used: { readonly cpuSeconds: number; readonly memoryBytes: number } | undefined;
}

/** What costing needs of pricing: what a deployment is sold for; undefined: it has no price. */
export interface Prices {
  priceOf(deployment: string): Price | undefined;
}

/** Names of organisations by their ids. */
export interface Organisations {
  names(): Promise<ReadonlyMap<string, string>>;
}
