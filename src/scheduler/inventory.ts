import { cpus } from 'node:os';
import type { Machine } from './throughput.ts';

const PROBE_BYTES = 32 * 1_048_576;
const PROBES = 4;
/** Operations per clock of one thread with 8-wide vectors and fused multiply-add; what is assumed, not measured. */
const FLOPS_PER_CLOCK = 32;
const MHZ_ASSUMED = 2_500;

/** What this machine's thread can do: bandwidth by copying memory (the fastest of a few short tries; reading and writing), computing by its clock. Takes about 50 ms. */
export function probeMachine(now: () => number): Machine {
  const from = Buffer.alloc(PROBE_BYTES, 1);
  const to = Buffer.alloc(PROBE_BYTES);
  let best = Number.POSITIVE_INFINITY;
  for (let probe = 0; probe < PROBES; probe++) {
    const started = now();
    from.copy(to);
    best = Math.min(best, now() - started);
  }
  const mhz = cpus()[0]?.speed || MHZ_ASSUMED;
  return { bytesPerSecond: (2 * PROBE_BYTES * 1_000) / best, flopsPerThread: mhz * 1e6 * FLOPS_PER_CLOCK };
}
