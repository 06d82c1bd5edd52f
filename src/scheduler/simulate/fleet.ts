import type { Node, WantedReplicas } from '../decide/world.ts';
import { Random } from './random.ts';

const GIB = 1_073_741_824;

/** A deployment as the simulator needs it: what the scheduler sees of it, and how fast it is. */
export interface SimulatedModel {
  readonly revision: WantedReplicas;
  readonly slots: number;
  readonly prefillTokensPerSecond: number;
  /** Of one answer; a slot's speed does not depend on the others. */
  readonly decodeTokensPerSecond: number;
}

export interface Fleet {
  readonly nodes: readonly Node[];
  readonly models: readonly SimulatedModel[];
}

export interface FleetOptions {
  readonly nodes: number;
  readonly deployments: number;
  readonly nodeMemoryBytes: number;
  /** Without a call for so long, a model is let go. */
  readonly idleMs: number;
  readonly seed: number;
}

/** Sizes of models in memory and how often each occurs: of 1, 3, 8, 14 and 32 thousand million parameters at four to eight bits. */
const SIZES = [
  { gib: 1, weight: 30 },
  { gib: 3, weight: 30 },
  { gib: 8, weight: 25 },
  { gib: 14, weight: 10 },
  { gib: 32, weight: 5 },
] as const;

const NODE_THREADS = 64;
const SLOTS = 4;
const REPLICAS_MAX = 64;
/** Reading files, and what an engine needs beside (start, warm-up). */
const LOAD_BYTES_PER_SECOND = 2 * GIB;
const LOAD_MS = 1_000;
/** A token of an answer reads the weights once from memory; one of a prompt shares that read with the others of its prompt. */
const DECODE_BYTES_PER_SECOND = 400 * GIB;
const PREFILL_BYTES_PER_SECOND = 60 * DECODE_BYTES_PER_SECOND;
const DECODE_TOKENS_MAX = 100;

/** Nodes all alike, and deployments with sizes drawn from the seed, each loaded only while it is called. */
export function fleetOf({ nodes, deployments, nodeMemoryBytes, idleMs, seed }: FleetOptions): Fleet {
  const random = new Random(seed);
  return {
    nodes: Array.from({ length: nodes }, (_, index): Node => ({ id: `node-${index}`, memoryBytes: nodeMemoryBytes, threads: NODE_THREADS })),
    models: Array.from({ length: deployments }, (_, index) => modelOf(`model-${index}`, random.choose(SIZES, ({ weight }) => weight).gib * GIB, idleMs)),
  };
}

function modelOf(id: string, memoryBytes: number, idleMs: number): SimulatedModel {
  const revision = {
    id,
    deployment: id,
    digest: id,
    replicasMin: 0,
    replicasMax: REPLICAS_MAX,
    targetConcurrency: SLOTS,
    priority: 0,
    idleMs,
    memoryBytes,
    threads: 1,
    loadMs: LOAD_MS + (memoryBytes / LOAD_BYTES_PER_SECOND) * 1_000,
  };
  return {
    revision,
    slots: SLOTS,
    prefillTokensPerSecond: PREFILL_BYTES_PER_SECOND / memoryBytes,
    decodeTokensPerSecond: Math.min(DECODE_TOKENS_MAX, DECODE_BYTES_PER_SECOND / memoryBytes),
  };
}
