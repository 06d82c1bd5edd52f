import { isDegraded } from './crashes.ts';
import type { Action, RevisionFigures, Rollout, RunningReplica, World } from './world.ts';

/** A revision that isn't ready by then will not be. Kubernetes gives a rollout as long. */
const PROGRESS_MS = 600_000;
/** When no further replica has become ready for so long, those that are there have to do: there is no room for more. */
const STALLED_MS = 10_000;
/** Fewer failures are no pattern. */
const ERRORS_MIN = 3;
/** A 99th percentile of fewer calls is the slowest of them. */
const LATENCY_CALLS_MIN = 100;
/** A share is not believed on fewer calls, but with as little traffic as that not waited for beyond ten times its time either. */
const CALLS_MIN = 20;
const PATIENCE = 10;

/** For each rollout: give it its next share, take back what it has, or wait. */
export function rollOut({ rollouts, replicas, crashes }: Pick<World, 'rollouts' | 'replicas' | 'crashes'>, now: number): Action[] {
  const actions: Action[] = [];
  for (const rollout of rollouts ?? []) {
    const { deployment, revision, stepsDone } = rollout;
    const own = replicas.filter((replica) => replica.revision === revision);
    const wrong = isDegraded(crashes.get(revision) ?? [], now) ? `its engines end again and again: ${rollout.lastWords}` : faultOf(rollout, own, now);
    if (wrong !== undefined) actions.push({ type: 'rollback', deployment, revision, reason: wrong });
    else if (mayGoOn(rollout, own, now)) actions.push({ type: 'shift', deployment, revision, step: stepsDone, reason: reasonOf(rollout) });
  }
  return actions;
}

/** Why the rollout must be taken back; undefined: nothing speaks against it. */
function faultOf({ stepsDone, since, limits, canary, stable }: Rollout, own: readonly RunningReplica[], now: number): string | undefined {
  if (stepsDone === 0) {
    const isReady = own.some(({ state }) => state === 'ready');
    return !isReady && now - since >= PROGRESS_MS ? `it was not ready within ${PROGRESS_MS / 1_000} s` : undefined;
  }
  const increase = rateOf(canary) - rateOf(stable);
  if (canary.errors >= ERRORS_MIN && increase >= limits.errorIncreaseMax)
    return `${percent(rateOf(canary))} of its ${canary.calls} calls failed, ${percent(rateOf(stable))} of the other revision's ${stable.calls}`;
  const isMeasured = canary.calls >= LATENCY_CALLS_MIN && stable.calls >= LATENCY_CALLS_MIN;
  if (isMeasured && canary.p99Ms >= limits.latencyFactorMax * stable.p99Ms)
    return `its 99th percentile is ${Math.round(canary.p99Ms)} ms, the other revision's ${Math.round(stable.p99Ms)} ms`;
  return undefined;
}

function mayGoOn({ steps, stepsDone, replicasMin, since, limits, canary }: Rollout, own: readonly RunningReplica[], now: number): boolean {
  const share = steps[stepsDone];
  if (share === undefined) return false;
  const ready = own.filter(({ state }) => state === 'ready');
  const needed = Math.max(1, Math.ceil((replicasMin * share) / 100));
  const isStalled = ready.length > 0 && own.every((replica) => now - replica.since >= STALLED_MS);
  if (ready.length < needed && !isStalled) return false;
  if (stepsDone === 0) return true;
  const watchedMs = limits.checks * limits.checkMs;
  return now - since >= watchedMs && (canary.calls >= CALLS_MIN || now - since >= PATIENCE * watchedMs);
}

function reasonOf({ stepsDone, steps, canary }: Rollout): string {
  if (stepsDone === 0) return 'it is ready';
  return canary.calls === 0 ? `no call in ${steps[stepsDone - 1]} % of the traffic` : `${canary.errors} of ${canary.calls} calls failed`;
}

function rateOf({ calls, errors }: RevisionFigures): number {
  return calls === 0 ? 0 : errors / calls;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
