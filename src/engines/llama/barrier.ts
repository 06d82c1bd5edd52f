import type { BatchItem, CustomBatchingPrioritizationStrategy, EvaluationPriority, PrioritizedBatchItem } from 'node-llama-cpp';

/** Empty batches in a row at most; three a token were needed when it was measured. */
const SPINS_MAX = 30;
/** Prompt tokens in one step while others generate: bounds by how much a long prompt can delay their next token. */
const PREFILL_TOKENS_MAX = 256;

export interface Barrier {
  readonly strategy: CustomBatchingPrioritizationStrategy;
  /** Sequence `index` asks for one token per step from now on. Prompts in prefill must not be waited for. */
  enter(index: number): void;
  leave(index: number): void;
}

/**
 * Continuous batching at full width. node-llama-cpp takes a batch as soon as something is queued, so one sequence always lags a
 * step, and llama.cpp cuts batches where sequence ids are not consecutive. The barrier returns an empty batch, which is skipped,
 * until every generating sequence has queued its token, then orders all of them by sequence. A batch item does not name
 * its sequence: it travels in `evaluationPriority`, which only a strategy reads.
 */
export function createBarrier(): Barrier {
  const generating = new Set<number>();
  let spins = 0;
  return {
    enter: (index) => void generating.add(priorityOf(index)),
    leave: (index) => void generating.delete(priorityOf(index)),
    strategy({ items, size }) {
      const ready = items.filter((item) => generating.has(item.evaluationPriority)).length;
      if (ready < generating.size && spins < SPINS_MAX) {
        spins += 1;
        return [];
      }
      spins = 0;
      return fill(items, size, generating);
    },
  };
}

/** The number under which a sequence's batch items are queued. */
export function priorityOf(index: number): EvaluationPriority {
  return (index + 1) as EvaluationPriority;
}

function fill(items: readonly BatchItem[], size: number, generating: ReadonlySet<number>): PrioritizedBatchItem[] {
  const sorted = items.toSorted((a, b) => a.evaluationPriority - b.evaluationPriority);
  const decoding = sorted.filter((item) => generating.has(item.evaluationPriority)).length;
  let prefillLeft = decoding > 0 ? Math.min(size - decoding, PREFILL_TOKENS_MAX) : size;
  const batch: PrioritizedBatchItem[] = [];
  for (const item of sorted) {
    const isDecoding = generating.has(item.evaluationPriority);
    const processAmount = isDecoding ? item.tokens.length : Math.min(item.tokens.length, prefillLeft);
    if (processAmount <= 0) continue;
    if (!isDecoding) prefillLeft -= processAmount;
    batch.push({ item, processAmount });
  }
  return batch;
}
