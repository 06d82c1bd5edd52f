import type { Manifest } from '../contract/manifest.ts';
import { cacheBytesRead } from '../model-files/kv-cache.ts';
import { textShape } from '../model-files/text-shape.ts';

/** What a machine's thread can do at most. */
export interface Machine {
  /** Bytes a second from memory. */
  readonly bytesPerSecond: number;
  /** Floating-point operations a second, per thread. */
  readonly flopsPerThread: number;
}

/** Shares of the peak that kernels reach. Source: requirements/quality.md's roofline, η_f ≤ 0.7 and η_m ≈ 0.9. */
const FLOPS_SHARE = 0.7;
const BANDWIDTH_SHARE = 0.9;
/** Share of its slots that a replica should have busy, so that queues stay short. */
const BUSY_SHARE = 0.65;

/** An answer of a language model, as long as they usually are. */
const TOKENS_PER_ANSWER = 200;

export interface Demand {
  readonly callsPerSecond: number;
  readonly secondsPerCall: number;
  readonly unit: string;
  /** Calls at a time, by Little's law. */
  readonly concurrency: number;
  readonly replicas: number;
}

/** Times are seconds. */
export interface Throughput {
  /** Of a text model, one stream alone and all slots together. */
  readonly tokensPerSecondAlone?: number;
  readonly tokensPerSecond?: number;
  readonly prefillTokensPerSecond?: number;
  /** Of a model that makes no tokens. */
  readonly rowsPerSecond?: number;
  readonly boundBy: 'memory' | 'compute';
}

/**
 * Roofline: a decode step reads all weights once and every stream's cache, and computes two operations per weight and stream; the slower of
 * the two decides. Williams, Waterman, Patterson 2009.
 */
export function throughputOf(manifest: Manifest, threads: number, { bytesPerSecond, flopsPerThread }: Machine): Throughput {
  const { parameters, tensorBytes } = manifest.weights;
  const flops = flopsPerThread * threads * FLOPS_SHARE;
  const bandwidth = bytesPerSecond * BANDWIDTH_SHARE;
  if (manifest.engine !== 'llama' || manifest.task !== 'chat') {
    const compute = (2 * parameters) / flops;
    const memory = tensorBytes / bandwidth;
    return {
      // A model without weights says nothing of how long it takes.
      ...(compute > 0 && { rowsPerSecond: 1 / Math.max(compute, memory) }),
      boundBy: memory > compute ? 'memory' : 'compute',
    };
  }
  const { slots, contextTokens } = textShape(manifest);
  const cache = cacheBytesRead(manifest.weights, contextTokens / 2);
  const step = (streams: number) => ({ compute: (2 * parameters * streams) / flops, memory: (tensorBytes + streams * cache) / bandwidth });
  const alone = step(1);
  const all = step(slots);
  return {
    tokensPerSecondAlone: 1 / Math.max(alone.compute, alone.memory),
    tokensPerSecond: slots / Math.max(all.compute, all.memory),
    prefillTokensPerSecond: flops / (2 * parameters),
    boundBy: all.memory > all.compute ? 'memory' : 'compute',
  };
}

/** What so many calls a second need: of a text model, answers of `TOKENS_PER_ANSWER` tokens; of any other, rows. */
export function demandOf(manifest: Manifest, callsPerSecond: number, { tokensPerSecond, rowsPerSecond }: Throughput): Demand {
  const slots = manifest.engine === 'llama' ? textShape(manifest).slots : 1;
  const secondsPerCall = rowsPerSecond === undefined ? (TOKENS_PER_ANSWER * slots) / (tokensPerSecond ?? 1) : 1 / rowsPerSecond;
  return {
    callsPerSecond,
    secondsPerCall,
    unit: rowsPerSecond === undefined ? `answers of ${TOKENS_PER_ANSWER} tokens` : 'rows',
    ...replicasFor(callsPerSecond, secondsPerCall, slots),
  };
}

/** Little's law: calls at a time are rate × time in service. Replicas so that each keeps some slots free. */
export function replicasFor(callsPerSecond: number, secondsPerCall: number, slots: number): { readonly concurrency: number; readonly replicas: number } {
  const concurrency = callsPerSecond * secondsPerCall;
  return { concurrency, replicas: Math.max(1, Math.ceil(concurrency / (BUSY_SHARE * slots))) };
}
