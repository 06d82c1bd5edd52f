import type { Socket } from 'node:net';
import type { CallerEntry, DeploymentRoute, ForeignAddress } from '../contract/feeds.ts';
import type { QuotaUnit } from '../contract/price.ts';
import type { UsageRecord } from '../contract/usage.ts';
import type { ModelFigures } from '../telemetry/model-stats.ts';

/** What the request path needs from the world. `app/` joins these to the control plane and the usage log. */
export interface Routes {
  /** Whether any have come yet: before, nobody can say what is unknown. */
  readonly received: boolean;
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

/** How servers that are not ours are reached. */
export interface ForeignServers {
  /** A connection to where the address leads now, once that was checked. @throws Fault when it leads where nothing may be sent */
  connect(address: ForeignAddress): Promise<Socket>;
  /** Its credential in plain text; undefined: it wants none. @throws Fault when it can't be opened here */
  credential(address: ForeignAddress): string | undefined;
}

/** What a lease counts: money, or what is left of a quota. */
export type LeaseUnit = 'micros' | QuotaUnit;

export interface LeaseOrder {
  readonly orgId: string;
  /** An open lease of this gateway that is to hold more; absent: a new one. */
  readonly lease?: string;
  readonly unit: LeaseUnit;
  /** Hard budgets, or the quota, that must have room for it. */
  readonly budgets: readonly string[];
  /** Less than this is of no use. */
  readonly leastAmount: bigint;
  /** What calls that wait just now hold, all together. */
  readonly neededAmount: bigint;
  readonly wantedAmount: bigint;
}

/** Credit or quota that this gateway alone may spend. */
export interface Lease {
  readonly id: string;
  /** What was added now. */
  readonly amount: bigint;
  /** Milliseconds since 1970 from which it may not be spent any more: its budget's period has ended. */
  readonly until: number | undefined;
}

export interface LeaseSource {
  /** Takes credit out of a wallet for this gateway. @throws Fault `payment_required` when there is less than the least */
  lease(order: LeaseOrder): Promise<Lease>;
  /** Gives back what is left, once all that was spent of it is posted. */
  giveBack(lease: string): Promise<void>;
}

/** What a call with an idempotency key is known by: `bodyHash` says what it asks for, `key` is its organisation's own. */
export interface ReplayClaim {
  readonly orgId: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly requestId: string;
}

export interface ReplayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** First calls of idempotency keys, and what they were answered, for all gateways. Each claim that was granted is ended once; ending one never rejects. */
export interface Replays {
  /** Undefined: the call is its key's first, and runs. Otherwise the first one's answer. @throws Fault where it is neither to be run nor to be answered */
  claim(claim: ReplayClaim): Promise<ReplayAnswer | undefined>;
  /** Resolves once the answer survives a kill. Undefined: it is too large to be kept. */
  keep(claim: ReplayClaim, answer: ReplayAnswer | undefined): Promise<void>;
  /** The call has cost something, but there is no whole answer. */
  lose(claim: ReplayClaim): Promise<void>;
  /** The call has cost nothing: the next one runs. */
  release(claim: ReplayClaim): Promise<void>;
}

/** What this process's calls of a model version have come to. */
export interface ModelStatistics {
  figures(deployment: string, version: number): ModelFigures;
}

/** The model repository as OIP's load and unload see it; the control plane decides. */
export interface Repository {
  load(name: string, caller: CallerEntry): Promise<void>;
  unload(name: string, caller: CallerEntry): Promise<void>;
}
