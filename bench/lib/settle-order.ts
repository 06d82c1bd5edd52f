/** What the settling arm is asked to do. */
export type SettleOrder =
  /** Priced records through billing, or the same rows into the usage table alone, a transaction a batch. */
  | { readonly kind: 'billed' | 'bare'; readonly batches: number; readonly records: number }
  /** A lease made larger and one record settled from it, each durable by itself. */
  | { readonly kind: 'pairs'; readonly count: number }
  /** Batches that come by the clock. */
  | { readonly kind: 'paced'; readonly everyMs: number; readonly batches: number; readonly records: number }
  | { readonly kind: 'check' };

export interface Settled {
  /** Of each batch, or pair. */
  readonly ms: readonly number[];
  readonly seconds: number;
  /** Of the whole process. */
  readonly cpuUs: number;
}

export interface SettleCheck {
  readonly faults: readonly string[];
  readonly unbilled: number;
  /** Charges in the book, and records that were posted. */
  readonly settled: number;
  readonly posted: number;
}
