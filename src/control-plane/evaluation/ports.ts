import type { Task } from '../../contract/manifest.ts';
import type { TensorSignature } from '../../contract/tensor.ts';
import type { GatewayRequest } from './run/settings.ts';

/** What evaluation needs of the gateway; `app/` gives it. */
export interface Gateway {
  /**
   * Calls as a key would: by the whole request path, within the key's limits and offers, its organisation's usage; but behind the calls of others.
   * @throws Fault `key_gone` when the key is no more
   */
  open(keyId: string): GatewaySession;
}

export interface GatewaySession extends Disposable {
  /** What `name` or `name:VERSION` is. @throws Fault `model_not_found` when the key may not call it */
  target(reference: string): EvaluationTarget;
  call(reference: string, request: GatewayRequest, signal: AbortSignal): Promise<GatewayAnswer>;
}

export interface EvaluationTarget {
  readonly task: Task;
  readonly signature: TensorSignature | undefined;
  /** All revisions of the deployment, the former ones too. */
  readonly revisions: readonly RevisionFacts[];
}

export interface RevisionFacts {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** Of the model version. */
  readonly digest: string;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  /** The id of the revision that answered. */
  readonly revision: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** From the call to the whole answer. */
  readonly durationMs: number;
}
