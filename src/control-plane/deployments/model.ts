import type { RoutesFeed } from '../../contract/feeds.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Rollout } from './rollout.ts';

export interface Resources {
  /** Kept loaded while there is room; 0: loaded only while it is called. */
  readonly replicasMin: number;
  readonly replicasMax: number;
  /** CPU threads of each replica. */
  readonly threads: number;
  /** Calls that one replica should have at a time; absent: what its engine serves at once. */
  readonly targetConcurrency?: number;
  /** Who is called may take memory from what has the same priority or a lower one. */
  readonly priority: number;
  /** Replicas beyond the minimum go after so many seconds without a call. */
  readonly idleSeconds: number;
}

export const RESOURCES_DEFAULT: Resources = { replicasMin: 1, replicasMax: 1, threads: 1, priority: 0, idleSeconds: 300 };

export interface Revision {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** The model version's digest. */
  readonly digest: string;
  readonly resources: Resources;
  /** Share of the deployment's traffic, percent. */
  readonly weight: number;
  readonly createdAt: number;
}

export interface Deployment {
  readonly name: string;
  readonly orgId: string;
  readonly orgName: string;
  readonly model: string;
  /** The deployment that is called in its place when it can't serve. */
  readonly fallback: string | undefined;
  /** A slow call is sent to a second replica too. */
  readonly hedge: boolean;
  /** What OpenAI's own server would ignore is refused. */
  readonly strict: boolean;
  readonly createdAt: number;
  /** Newest first, both. */
  readonly revisions: readonly Revision[];
  readonly rollouts: readonly Rollout[];
}

/** What the scheduler says of a revision (its `RevisionStatus`, as far as it matters here). */
export interface RevisionHealth {
  readonly state: 'loading' | 'ready' | 'idle' | 'failed' | 'stopped';
  readonly reason: string;
  readonly restarts: number;
  readonly replicas: readonly {
    readonly id: string;
    readonly state: string;
    readonly address: RoutesReplica['address'];
    readonly slots: number;
    readonly startedAt: number;
    readonly memoryBytes: number;
    readonly usage: ReplicaUsage | undefined;
    readonly pid: number | undefined;
  }[];
}

/** Measured; absent where it can't be. */
export interface ReplicaUsage {
  readonly memoryBytes: number;
  readonly memoryPeakBytes: number;
  readonly cpuSeconds: number;
}

type RoutesReplica = RoutesFeed['deployments'][number]['revisions'][number]['replicas'][number];

/** The rollout under way: at most one. */
export function runningRollout({ rollouts }: Deployment): Rollout | undefined {
  return rollouts.find(({ state }) => state === 'running');
}

/** Revisions that must run: those with traffic, and the one that is about to take it. */
export function liveRevisions(deployment: Deployment): readonly Revision[] {
  const coming = runningRollout(deployment)?.revision;
  return deployment.revisions.filter(({ id, weight }) => weight > 0 || id === coming);
}

const UNKNOWN: RevisionHealth = { state: 'loading', reason: '', restarts: 0, replicas: [] };

/** The routes feed: what is wanted joined with what is there. */
export function routesFeed(
  deployments: readonly Deployment[],
  manifestOf: (digest: string) => Manifest | undefined,
  { epoch, healthOf }: { readonly epoch: number; healthOf(revision: string): RevisionHealth | undefined },
): RoutesFeed {
  return {
    epoch,
    deployments: deployments
      .map((deployment) => ({
        name: deployment.name,
        orgId: deployment.orgId,
        orgName: deployment.orgName,
        createdAtMs: deployment.createdAt,
        ...(deployment.fallback !== undefined && { fallback: deployment.fallback }),
        ...(deployment.hedge && { hedge: true as const }),
        ...(deployment.strict && { strict: true as const }),
        revisions: liveRevisions(deployment).flatMap((revision) => {
          const manifest = manifestOf(revision.digest);
          return manifest ? [route(revision, manifest, healthOf(revision.id) ?? UNKNOWN)] : [];
        }),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function route(revision: Revision, manifest: Manifest, health: RevisionHealth): RoutesFeed['deployments'][number]['revisions'][number] {
  return {
    id: revision.id,
    model: revision.model,
    version: revision.version,
    weight: revision.weight,
    task: manifest.task,
    dialect: manifest.task === 'tensor' ? 'oip' : 'openai',
    platform: `modelyard_${manifest.engine}`,
    signature: manifest.pipeline ?? manifest.weights.signature,
    maxBatchSize: manifest.batching?.maxBatchSize ?? 1,
    contextLength: manifest.weights.contextLength,
    state: health.state,
    reason: health.reason,
    replicas: health.replicas.filter(({ state }) => state === 'ready').map(({ id, address, slots }) => ({ id, address, slots })),
  };
}
