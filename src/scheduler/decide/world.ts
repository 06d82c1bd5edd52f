import type { Crash } from './crashes.ts';

/**
 * What the scheduler looks at when it decides: plain values, so that the same decision can be taken live and in the simulator.
 * Times are monotonic milliseconds, memory is bytes.
 */
export interface World {
  readonly nodes: readonly Node[];
  readonly revisions: readonly WantedReplicas[];
  readonly replicas: readonly RunningReplica[];
  /** When each revision's engines ended unasked, newest last; only the last `CRASHES_KEPT` matter. */
  readonly crashes: ReadonlyMap<string, readonly Crash[]>;
  readonly load: ReadonlyMap<string, Load>;
  /** Under way; absent: none. */
  readonly rollouts?: readonly Rollout[];
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
  /** It is to go as soon as another serves in its place. */
  readonly isRetiring?: boolean;
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

/** A new revision that is to take a deployment's traffic from another, as far as it has come. Times are monotonic milliseconds. */
export interface Rollout {
  readonly deployment: string;
  readonly revision: string;
  /** The revision that it replaces. */
  readonly previous: string;
  /** Replicas that it is to have when it has all the traffic. */
  readonly replicasMin: number;
  /** Shares of the traffic that it is given one after the other, percent; the last is 100. */
  readonly steps: readonly number[];
  /** How many of them it has been given. */
  readonly stepsDone: number;
  /** When it was ordered, or given its last share. */
  readonly since: number;
  readonly limits: RolloutLimits;
  /** What its last engine to end unasked said; empty: none has. */
  readonly lastWords: string;
  /** Calls since then: the new revision's, and the other's. */
  readonly canary: RevisionFigures;
  readonly stable: RevisionFigures;
  /** Calls of the new revision that took longer than `latencyFactorMax` times the other's 99th percentile. */
  readonly slowCalls: number;
}

/** How long each share is watched, and what is not accepted of it. */
export interface RolloutLimits {
  readonly checks: number;
  readonly checkMs: number;
  /** Failed calls of the new revision beyond those of the other, as a fraction of its calls. */
  readonly errorIncreaseMax: number;
  /** 99th percentile of the new revision over that of the other. */
  readonly latencyFactorMax: number;
}

export interface RevisionFigures {
  readonly calls: number;
  /** Ended by an error of ours or the engine's, not by one of the caller's. */
  readonly errors: number;
  readonly p99Ms: number;
}

export type Action =
  | { readonly type: 'start'; readonly revision: string; readonly node: string; readonly reason: string }
  | { readonly type: 'stop'; readonly replica: string; readonly reason: string }
  | Proposal;

/** What is proposed of a rollout: whoever owns the weights carries it out, if nothing has changed meanwhile. */
export type Proposal =
  /** Give it the `step`-th of its shares, counted from 0. */
  | { readonly type: 'shift'; readonly deployment: string; readonly revision: string; readonly step: number; readonly reason: string }
  | { readonly type: 'rollback'; readonly deployment: string; readonly revision: string; readonly reason: string };

/** A way to decide. Two ship: ours, and first come, first served to measure against. */
export interface Policy {
  readonly name: string;
  decide(world: World, now: number): Action[];
}
