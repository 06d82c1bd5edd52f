import { type Load, NO_LOAD, type RunningReplica, type WantedReplicas } from './world.ts';

/** Concurrency at which the short window takes over from the long one, in multiples of what the ready replicas are meant for (Knative's). */
const PANIC_FACTOR = 2;
/** Nothing is taken away so soon after something was added: the long window has not seen the burst whole. */
const STABLE_MS = 60_000;
/** What has queued up while nothing was loaded says little of how many are needed: the first replica is to serve for so long before more are added. */
const SETTLE_MS = 2_000;

export interface Target {
  readonly replicas: number;
  /** In words; only asked when something is done. */
  reason(): string;
}

/**
 * How many replicas a revision should have: its concurrency over the target of one, by the mean of 60 s; in a burst by that of 6 s,
 * and then never fewer than there are. A call that waits is worth one replica at once, many at once not more until that one has served
 * for a while. Source: Knative's autoscaler, whose activation scale is one too.
 */
export function targetOf(revision: WantedReplicas, replicas: readonly RunningReplica[], load: Load = NO_LOAD, now: number): Target {
  const { replicasMin, replicasMax, targetConcurrency } = revision;
  const ready = replicas.filter(({ state }) => state === 'ready').length;
  const there = replicas.filter(({ state }) => state !== 'stopping').length;
  const isPanic = ready > 0 && load.panicConcurrency >= PANIC_FACTOR * ready * targetConcurrency;
  const concurrency = isPanic ? Math.max(load.panicConcurrency, load.stableConcurrency) : load.stableConcurrency;
  const isSettled = replicas.some(({ state, since }) => state === 'ready' && now - since >= SETTLE_MS);
  const wanted = Math.ceil(concurrency / targetConcurrency - 1e-9);
  // A mean remembers calls that have long been answered: where those that are there have places free, none is added.
  const isUsedUp = load.waiting + load.running >= ready * targetConcurrency;
  const byLoad = isSettled && isUsedUp ? wanted : Math.min(wanted, Math.max(1, there));
  if (isPanic && byLoad >= there)
    return { replicas: clamp(byLoad, replicasMin, replicasMax), reason: () => `a burst: ${shown(concurrency)} calls at a time over 6 s, ${targetConcurrency} per replica` };
  const isGrowing = there > 1 && replicas.some(({ state, since }) => state !== 'stopping' && now - since < STABLE_MS);
  if (isGrowing && byLoad < there) return { replicas: clamp(there, replicasMin, replicasMax), reason: () => 'a burst is not over for 60 s' };
  if (byLoad > replicasMin)
    return { replicas: clamp(byLoad, replicasMin, replicasMax), reason: () => `${shown(concurrency)} calls at a time over 60 s, ${targetConcurrency} per replica` };
  const isCalled = load.waiting + load.running > 0 || (load.lastCallAt !== undefined && now - load.lastCallAt < revision.idleMs);
  if (replicasMin === 0 && isCalled) return { replicas: Math.max(1, Math.min(there, replicasMax)), reason: () => 'it is called' };
  return { replicas: replicasMin, reason: () => (replicasMin > 0 ? `${replicasMin} wanted` : `no call for ${Math.round(revision.idleMs / 1000)} s`) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function shown(value: number): string {
  return value.toFixed(1);
}
