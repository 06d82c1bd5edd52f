import type { Manifest } from '../../contract/manifest.ts';
import type { PlainFault } from '../../contract/plain-fault.ts';
import type { Tensor, TensorSignature } from '../../contract/tensor.ts';

/** What a tensor engine's main thread and its one worker tell each other. */

/** What every worker needs, whatever its library. */
export interface ThreadStart {
  readonly pipeline: Manifest['pipeline'];
  /** Of the weights themselves, not of the pipeline. */
  readonly signature: TensorSignature;
}

export type ToWorker =
  | { readonly type: 'infer'; readonly id: number; readonly inputs: readonly Tensor[]; readonly outputs: readonly string[] }
  | { readonly type: 'warmUp'; readonly id: number };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly fault: PlainFault }
  | { readonly type: 'done'; readonly id: number; readonly outputs: readonly Tensor[] }
  | { readonly type: 'refused'; readonly id: number; readonly fault: PlainFault };
