import { invalid } from '../../contract/errors.ts';
import { type Resources, RESOURCES_DEFAULT } from './model.ts';

/** What of a revision's resources is ordered. */
export interface ResourceOrder extends Bounds {
  readonly threads?: number;
  readonly targetConcurrency?: number;
  readonly priority?: number;
}

export interface Bounds {
  /** As many always: the same as both of the next two. */
  readonly replicas?: number;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly idleSeconds?: number;
}

/** What is ordered, else what was. @throws Fault when more replicas are to be kept than there may be */
export function boundsOf({ replicas, minReplicas, maxReplicas, idleSeconds }: Bounds, before: Resources): Resources {
  const replicasMin = minReplicas ?? replicas ?? before.replicasMin;
  const replicasMax = maxReplicas ?? replicas ?? Math.max(before.replicasMax, replicasMin);
  if (replicasMax < replicasMin) throw invalid(`"maxReplicas" is ${replicasMax}; it must be at least "minReplicas", which is ${replicasMin}.`, 'maxReplicas');
  return { ...before, replicasMin, replicasMax, idleSeconds: idleSeconds ?? before.idleSeconds };
}

/** A new revision's resources: what is ordered, else what the revision before has, else the defaults. */
export function resourcesOf(order: ResourceOrder, before: Resources | undefined, threadsDefault: number): Resources {
  const base = before ?? { ...RESOURCES_DEFAULT, threads: threadsDefault };
  const { threads = base.threads, priority = base.priority, targetConcurrency = base.targetConcurrency } = order;
  return { ...boundsOf(order, base), threads, priority, ...(targetConcurrency !== undefined && { targetConcurrency }) };
}
