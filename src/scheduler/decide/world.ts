/**
 * What the scheduler looks at when it decides: plain values, so that the same decision can be taken live and in the simulator.
 * Times are monotonic milliseconds, memory is bytes.
 */
export interface World {
  readonly nodes: readonly Node[];
  readonly revisions: readonly WantedReplicas[];
  readonly replicas: readonly RunningReplica[];
  /** When each revision's engines ended unasked, newest last; only the last `CRASHES_KEPT` matter. */
  readonly crashes: ReadonlyMap<string, readonly number[]>;
  readonly load: ReadonlyMap<string, Load>;
}

export interface Node {
  readonly id: string;
  /** For engines altogether. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Model versions whose files the node holds, by digest: a load from there is a warm one. */
  readonly warm?: ReadonlySet<string>;
}

/** A revision that should be served, and what each replica of it takes. */
export interface WantedReplicas {
  readonly id: string;
  readonly deployment: string;
  /** Version digest, for `Node.warm`. */
  readonly digest: string;
  /** Kept loaded while there is room; 0: only while it is called. */
  readonly replicasMin: number;
  readonly replicasMax: number;
  /** Calls that one replica should have at a time, running and waiting. */
  readonly targetConcurrency: number;
  /** Who waits for memory may send away what is of the same priority or lower. */
  readonly priority: number;
  /** Since when it is to be loaded even if others must go for it: a rollout's new revision, before it has any traffic. */
  readonly urgentSince?: number;
  /** Without a call for so long, replicas beyond `replicasMin` are let go. */
  readonly idleMs: number;
  readonly memoryBytes: number;
  readonly threads: number;
  /** What a load takes: measured, or estimated before the first. */
  readonly loadMs: number;
}

export interface RunningReplica {
  readonly id: string;
  readonly revision: string;
  readonly node: string;
  readonly state: 'starting' | 'ready' | 'stopping';
  /** When it came into this state. */
  readonly since: number;
  readonly memoryBytes: number;
}

/** What gateways report of a revision, all of them together. */
export interface Load {
  readonly waiting: number;
  readonly running: number;
  /** Since when the oldest waiting call waits. */
  readonly waitingSince: number | undefined;
  readonly lastCallAt: number | undefined;
  /** Mean of running and waiting calls over the last 60 and 6 seconds. */
  readonly stableConcurrency: number;
  readonly panicConcurrency: number;
}

export const NO_LOAD: Load = { waiting: 0, running: 0, waitingSince: undefined, lastCallAt: undefined, stableConcurrency: 0, panicConcurrency: 0 };

export type Action =
  | { readonly type: 'start'; readonly revision: string; readonly node: string; readonly reason: string }
  | { readonly type: 'stop'; readonly replica: string; readonly reason: string };

/** A way to decide. Two ship: ours, and first come, first served to measure against. */
export interface Policy {
  readonly name: string;
  decide(world: World, now: number): Action[];
}
