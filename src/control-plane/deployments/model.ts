import type { RoutesFeed } from '../../contract/feeds.ts';
import type { Manifest } from '../../contract/manifest.ts';

export interface Resources {
  readonly replicas: number;
  /** CPU threads of each replica. */
  readonly threads: number;
}

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
  readonly createdAt: number;
  /** Newest first. */
  readonly revisions: readonly Revision[];
}

/** What the scheduler says of a revision (its `RevisionStatus`, as far as it matters here). */
export interface RevisionHealth {
  readonly state: 'loading' | 'ready' | 'failed' | 'stopped';
  readonly reason: string;
  readonly restarts: number;
  readonly replicas: readonly { readonly id: string; readonly state: string; readonly address: RoutesReplica['address']; readonly slots: number; readonly startedAt: number }[];
}

type RoutesReplica = RoutesFeed['deployments'][number]['revisions'][number]['replicas'][number];

/** Revisions that must run: those with traffic, and the newest, which may be about to take it. */
export function liveRevisions({ revisions }: Deployment): readonly Revision[] {
  return revisions.filter(({ weight }, index) => weight > 0 || index === 0);
}

const UNKNOWN: RevisionHealth = { state: 'loading', reason: '', restarts: 0, replicas: [] };

/** The routes feed: what is wanted joined with what is there. */
export function routesFeed(
  deployments: readonly Deployment[],
  manifestOf: (digest: string) => Manifest | undefined,
  healthOf: (revision: string) => RevisionHealth | undefined,
): RoutesFeed {
  return {
    deployments: deployments
      .map((deployment) => ({
        name: deployment.name,
        orgId: deployment.orgId,
        orgName: deployment.orgName,
        createdAtMs: deployment.createdAt,
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
