import type { EngineSpec } from '../contract/engine-wire.ts';
import type { EngineAddress } from '../contract/feeds.ts';
import type { WantedReplicas } from './decide/world.ts';

/** A revision that should be served, as the control plane wants it. `loadMs` is what it is expected to take; the reconciler learns the rest. */
export interface DesiredRevision extends WantedReplicas {
  readonly engine: Omit<EngineSpec, 'listen'>;
}

/** What a launcher is asked to start. */
export interface LaunchOrder {
  readonly replica: string;
  readonly deployment: string;
  readonly engine: Omit<EngineSpec, 'listen'>;
}

/** A replica that a launcher has started. */
export interface Launched {
  readonly address: EngineAddress;
  /** Of the engine's process, where it is on this machine. */
  readonly pid?: number | undefined;
  /** Resolves with the engine's slots after its warm-up; rejects when it ends before. */
  readonly ready: Promise<{ readonly slots: number }>;
  /** Resolves, never rejects, when the engine has ended, for whatever reason. */
  readonly exited: Promise<ExitInfo>;
  /** What the replica takes now; undefined where it can't be measured. */
  usage?(): ReplicaUsage | undefined;
  /** Asks the engine to finish its calls and end; makes it end after `graceMs`. Resolves when it has. */
  stop(graceMs: number): Promise<void>;
}

export interface ReplicaUsage {
  /** Resident now, and at most so far, bytes. */
  readonly memoryBytes: number;
  readonly memoryPeakBytes: number;
  /** On a CPU since its start, all threads. */
  readonly cpuSeconds: number;
}

export interface ExitInfo {
  /** For people: exit code or signal, and the engine's own last words. */
  readonly reason: string;
}

/** Starts engines somewhere: on this machine, later on others. */
export interface Launcher {
  launch(order: LaunchOrder): Launched;
  /** The newest lines that a deployment's engines wrote. */
  logs(deployment: string, linesMax: number): readonly string[];
  close(): Promise<void>;
}

/** `idle`: nothing of it is loaded, and it is loaded when it is called. */
export type RevisionState = 'loading' | 'ready' | 'idle' | 'failed' | 'stopped';

/** What the scheduler publishes of a revision, for the routes feed and for people. */
export interface RevisionStatus {
  readonly id: string;
  readonly state: RevisionState;
  readonly reason: string;
  readonly restarts: number;
  readonly replicas: readonly ReplicaStatus[];
}

/** What a replica holds, whether it is wanted still or not: for whoever counts resources. */
export interface ReplicaHolding {
  readonly id: string;
  readonly deployment: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Asked for. */
  readonly threads: number;
  readonly memoryBytes: number;
  readonly usage: ReplicaUsage | undefined;
}

export interface ReplicaStatus {
  readonly id: string;
  readonly state: 'starting' | 'ready' | 'stopping';
  readonly address: EngineAddress;
  readonly slots: number;
  readonly startedAt: number;
  /** Reserved for it, bytes. */
  readonly memoryBytes: number;
  readonly usage: ReplicaUsage | undefined;
  /** Of the engine's process, where it is on this machine. */
  readonly pid: number | undefined;
}
