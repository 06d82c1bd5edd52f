import type { Task } from './manifest.ts';
import type { Price, QuotaUnit } from './price.ts';
import type { TensorSignature } from './tensor.ts';

/**
 * What the control plane publishes and the data plane reads: all that a call needs, joined beforehand.
 * Routes are small and replaced whole; callers are immutable entries, one a key.
 */
export interface RoutesFeed {
  /** Of the server that made it: a gateway that has seen a higher one keeps what it has (S35). 0: nobody leads. */
  readonly epoch: number;
  readonly deployments: readonly DeploymentRoute[];
}

export interface DeploymentRoute {
  readonly name: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly createdAtMs: number;
  /** The deployment that is called in its place when it can't serve. */
  readonly fallback?: string;
  /** A slow call is sent to a second replica too. */
  readonly hedge?: true;
  /** What OpenAI's own server would ignore is refused (C10). */
  readonly strict?: true;
  readonly revisions: readonly RevisionRoute[];
}

/** An immutable revision of a deployment with its share of the traffic (weights of one deployment are relative). */
export interface RevisionRoute {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  readonly weight: number;
  readonly task: Task;
  readonly dialect: 'openai' | 'oip';
  readonly platform: string;
  readonly signature: TensorSignature | undefined;
  /** Rows that the gateway may join into one tensor call; 1: no batching. */
  readonly maxBatchSize: number;
  /** Tokens of prompt and answer together, of a text model. */
  readonly contextLength: number | undefined;
  /** `idle`: nothing of it is loaded; a call that waits has it loaded. */
  readonly state: 'loading' | 'ready' | 'idle' | 'failed' | 'stopped';
  /** Why it is not ready, for people. */
  readonly reason: string;
  readonly replicas: readonly ReplicaRoute[];
}

/** An engine of our own: it speaks what `engine-wire.ts` says beside its dialect. */
export type OwnAddress = { readonly socket: string } | { readonly host: string; readonly port: number; readonly token: string };

/** A server that is not ours, spoken to by its public standard alone. */
export interface ForeignAddress {
  /** Its origin and, for OpenAI's dialect, the path that ends in front of `/chat/completions`; without a slash at the end. */
  readonly url: string;
  /** We have started it on this machine: it may be on a loopback address. */
  readonly isOurs: boolean;
  /** What the server itself calls the model. */
  readonly model: string;
  /** Tensors go as binary data, which not every server of the Open Inference Protocol takes. */
  readonly isBinary?: true;
  /** Its credential, sealed for this origin. Absent: it wants none. */
  readonly sealed?: string;
}

export type EngineAddress = OwnAddress | ForeignAddress;

export function isForeign(address: EngineAddress): address is ForeignAddress {
  return 'url' in address;
}

/** A replica that accepts calls. */
export interface ReplicaRoute {
  readonly id: string;
  readonly address: EngineAddress;
  readonly slots: number;
}

export const SCOPES = [
  'inference',
  'models.read',
  'models.write',
  'deployments.read',
  'deployments.write',
  'keys',
  'usage',
  'subscriptions',
  'members',
  'orgs',
  'metrics',
  'operator',
] as const;
/** What a key may do; `operator` reaches beyond its own organisation. */
export type Scope = (typeof SCOPES)[number];

export interface KeyLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
}

/**
 * What a key may call: one deployment, those of one organisation, or all; and on what terms. `unpriced` is never a paid call; `unavailable`: it would be one,
 * but its price can't be read, and so it is refused (M27).
 */
export interface Offer {
  readonly deployments: { readonly of: 'all' } | { readonly of: 'org'; readonly orgId: string } | { readonly of: 'deployment'; readonly name: string };
  readonly price: 'unpriced' | 'unavailable' | Price;
  /** The contract that it comes of; absent: none. */
  readonly subscription?: string;
  /** Of the contract, beside those of the key. */
  readonly limits?: KeyLimits;
  /** So much is free: calls beyond are refused. `id` is the budget that counts it. */
  readonly quota?: { readonly id: string; readonly unit: QuotaUnit };
}

/** A key as the data plane knows it. The secret is not in it: `hash` is the sha256 of the whole key, hex. */
export interface CallerEntry {
  readonly hash: string;
  readonly keyId: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
  /** Deployment names the key is limited to; absent: all that its offers cover. */
  readonly allowedModels: readonly string[] | undefined;
  /** Milliseconds since 1970 from which the key is refused. */
  readonly expiresAtMs: number | undefined;
  readonly limits: KeyLimits;
  /** Hard budgets of the key and of its organisation, by their ids, sorted: what a paid call costs must have room in each. */
  readonly budgets: readonly string[];
  readonly offers: readonly Offer[];
}
