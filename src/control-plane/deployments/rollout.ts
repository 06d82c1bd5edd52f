/** How the traffic moves to a new revision. */
export interface Strategy {
  /** Shares of the traffic that the new revision is given one after the other, percent; the last is 100. */
  readonly steps: readonly number[];
  /** Each share but the last is watched for `checks` × `checkMs` before the next. */
  readonly checks: number;
  readonly checkMs: number;
  /** The new revision is taken back when so much more of its calls fail than of the other's (a fraction), */
  readonly errorIncreaseMax: number;
  /** or when its 99th percentile is so many times the other's. */
  readonly latencyFactorMax: number;
}

/** All at once, as soon as the new revision is ready. */
export const AT_ONCE: Strategy = { steps: [100], checks: 10, checkMs: 60_000, errorIncreaseMax: 0.05, latencyFactorMax: 2 };

/** Where a rollout is. `rollback`: it was taken back, or never became ready; the revision before it has the traffic. */
export type RolloutState = 'running' | 'done' | 'rollback';

/** A new revision that takes a deployment's traffic from the one before. */
export interface Rollout {
  readonly id: string;
  readonly revision: string;
  /** The revision that it replaces. */
  readonly previous: string;
  readonly strategy: Strategy;
  /** How many of the strategy's steps it has been given. */
  readonly stepsDone: number;
  readonly state: RolloutState;
  /** Why it is where it is, for people. */
  readonly reason: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a rollout's move means for the shares of traffic, percent by revision. */
export function weightsOf({ revision, previous, strategy, stepsDone, state }: Rollout): Readonly<Record<string, number>> {
  const share = state === 'rollback' ? 0 : (strategy.steps[stepsDone - 1] ?? 0);
  return { [revision]: share, [previous]: 100 - share };
}

/** The rollout after its next step. */
export function stepped(rollout: Rollout, reason: string, now: number): Rollout {
  const stepsDone = rollout.stepsDone + 1;
  return { ...rollout, stepsDone, state: stepsDone === rollout.strategy.steps.length ? 'done' : 'running', reason, updatedAt: now };
}

export function rolledBack(rollout: Rollout, reason: string, now: number): Rollout {
  return { ...rollout, state: 'rollback', reason, updatedAt: now };
}

/** The revision with most of the traffic. */
export function heaviest<Revision extends { readonly weight: number }>(revisions: readonly Revision[]): Revision | undefined {
  return revisions.toSorted((a, b) => b.weight - a.weight)[0];
}

/** The rollout in which this version could not be loaded, if that was the last that happened to it here. */
export function failedLoad(revisions: readonly { readonly id: string; readonly digest: string }[], rollouts: readonly Rollout[], digest: string): Rollout | undefined {
  const ids = new Set(revisions.filter((revision) => revision.digest === digest).map(({ id }) => id));
  const last = rollouts.find(({ revision }) => ids.has(revision));
  return last?.state === 'rollback' && last.stepsDone === 0 ? last : undefined;
}
