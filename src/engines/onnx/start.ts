import type { ThreadStart } from '../tensor-thread/messages.ts';

export interface OnnxStart extends ThreadStart {
  /** Of the verified weights; the worker reads it before it says that it is ready. */
  readonly path: string;
  readonly threads: number;
}
