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

/** Times are seconds. */
export interface Throughput {
  /** Of a text model, one stream alone and all slots together. */
  readonly tokensPerSecondAlone: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly prefillTokensPerSecond: number | undefined;
  /** Of a model that makes no tokens. */
  readonly rowsPerSecond: number | undefined;
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
      tokensPerSecondAlone: undefined,
      tokensPerSecond: undefined,
      prefillTokensPerSecond: undefined,
      rowsPerSecond: 1 / Math.max(compute, memory),
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
    rowsPerSecond: undefined,
    boundBy: all.memory > all.compute ? 'memory' : 'compute',
  };
}

/** Little's law: calls at a time are rate × time in service. Replicas so that each keeps some slots free. */
export function replicasFor(callsPerSecond: number, secondsPerCall: number, slots: number): { readonly concurrency: number; readonly replicas: number } {
  const concurrency = callsPerSecond * secondsPerCall;
  return { concurrency, replicas: Math.max(1, Math.ceil(concurrency / (BUSY_SHARE * slots))) };
}
