import type { CallerEntry, DeploymentRoute } from '../contract/feeds.ts';
import type { UsageRecord } from '../contract/usage.ts';

/** What the request path needs from the world. `app/` joins these to the control plane and the usage log. */
export interface Routes {
  /** By canonical deployment name. */
  find(name: string): DeploymentRoute | undefined;
  /** All, sorted by name. */
  list(): readonly DeploymentRoute[];
}

export interface Callers {
  /** By the hex sha256 of the key. In memory: a lookup never queries anything. */
  find(hash: string): CallerEntry | undefined;
}

export interface UsageSink {
  /** Whether records can be written just now; while they can't, no call is admitted. */
  readonly writable: boolean;
  /** Resolves once the record survives a kill of this process. */
  append(record: UsageRecord): Promise<void>;
}

/** The model repository as OIP's load and unload see it; the control plane decides. */
export interface Repository {
  load(name: string, caller: CallerEntry): Promise<void>;
  unload(name: string, caller: CallerEntry): Promise<void>;
}
