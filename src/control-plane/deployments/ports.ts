import type { Manifest } from '../../contract/manifest.ts';
import type { Resources, RevisionHealth } from './model.ts';
import type { Strategy } from './rollout.ts';

/** A revision as the scheduler is told of it. */
export interface WantedRevision {
  readonly id: string;
  readonly deployment: string;
  readonly digest: string;
  readonly resources: Resources;
  readonly manifest: Manifest;
  readonly files: Readonly<Record<string, string>>;
}

/** A revision that is to take over from another, as the scheduler is told of it. */
export interface WantedRollout {
  readonly deployment: string;
  readonly revision: string;
  readonly previous: string;
  readonly replicasMin: number;
  readonly steps: readonly number[];
  readonly stepsDone: number;
  readonly limits: Omit<Strategy, 'steps'>;
}

/** What the scheduler proposes of a rollout: its next share (`step` of the strategy, from 0), or to take it back. */
export type Proposal =
  | { readonly type: 'shift'; readonly deployment: string; readonly revision: string; readonly step: number; readonly reason: string }
  | { readonly type: 'rollback'; readonly deployment: string; readonly revision: string; readonly reason: string };

/** What a replica of a model needs and can do, computed from its header. Bytes, seconds. */
export interface Needs {
  readonly lines: readonly { readonly what: string; readonly arithmetic: string; readonly bytes: number; readonly source: string }[];
  readonly memoryBytes: number;
  /** Of that in a GPU's memory, where the engine computes on one; 0: it does not. */
  readonly gpuMemoryBytes: number;
  readonly loadMs: number;
  readonly machine: { readonly bytesPerSecond: number; readonly flopsPerThread: number };
  readonly throughput: {
    readonly tokensPerSecondAlone?: number;
    readonly tokensPerSecond?: number;
    readonly prefillTokensPerSecond?: number;
    readonly rowsPerSecond?: number;
    readonly boundBy: 'memory' | 'compute';
  };
  readonly demand?: { readonly callsPerSecond: number; readonly secondsPerCall: number; readonly unit: string; readonly concurrency: number; readonly replicas: number };
}

/** A machine that engines run on. */
export interface NodeInventory {
  readonly id: string;
  readonly threads: number;
  /** For engines altogether, and what of it replicas hold. */
  readonly memoryBytes: number;
  readonly reservedBytes: number;
  readonly replicas: number;
  readonly gpus: readonly { readonly index: number; readonly name: string; readonly memoryBytes: number; readonly usedBytes: number; readonly driver: string }[];
}

/** What deployments need of the scheduler; `app/` joins it to `reconcile`. */
export interface Scheduling {
  want(revisions: readonly WantedRevision[], rollouts: readonly WantedRollout[]): void;
  /** Has replicas replaced, each as soon as another serves in its place. */
  drain(replicas: readonly string[]): void;
  /** @throws Fault `model_too_large` with the numbers when the model can never fit */
  admit(manifest: Manifest, resources: Resources): void;
  estimate(manifest: Manifest, threads: number, callsPerSecond: number | undefined): Needs;
  /** In which the scheduler leads; 0: another does. */
  epoch(): number;
  nodes(): Promise<readonly NodeInventory[]>;
  health(revision: string): RevisionHealth | undefined;
  /** The deployments of which replicas are there, also of such as are about to go. */
  loaded(): ReadonlySet<string>;
  /** Digests of the files of what is wanted, and of every replica that is there. */
  filesInUse(): ReadonlySet<string>;
  logs(deployment: string, linesMax: number): readonly string[];
}
