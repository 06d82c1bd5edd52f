import type { RoutesFeed, Scope } from '../../contract/feeds.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Db } from '../../db/open.ts';
import type { Registry } from '../registry/index.ts';
import { deploymentNotFound } from './errors.ts';
import { type Deployment, liveRevisions, type Revision, type RevisionHealth, routesFeed, runningRollout } from './model.ts';
import type { Scheduling, WantedRollout } from './ports.ts';
import { heaviest } from './rollout.ts';
import * as store from './store.ts';

/** Models that are read by one statement. */
const MANIFESTS_AT_ONCE = 500;

export interface Deployer {
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
}

/** A deployment with what is known of each of its live revisions. */
export interface DeploymentView extends Deployment {
  readonly health: Readonly<Record<string, RevisionHealth>>;
}

export interface LiveOptions {
  readonly db: Db;
  readonly registry: Registry;
  readonly scheduling: Scheduling;
  /** Takes each new routes feed. */
  publish(feed: RoutesFeed): void;
  /** Told of what went wrong behind a caller's back. */
  problem(error: unknown): void;
}

/** The deployments as they are now: small tables, held in memory, told to the scheduler and joined with what it says. */
export class LiveDeployments {
  readonly #options: LiveOptions;
  readonly #manifests = new Map<string, Manifest>();
  #deployments: readonly Deployment[] = [];
  readonly #owners = new Map<string, string>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Reads the tables and tells the scheduler; at the start, and after each change. */
  async refresh(): Promise<void> {
    const { db, registry, scheduling } = this.#options;
    this.#deployments = await store.listDeployments(db);
    for (const { name, orgId } of this.#deployments) this.#owners.set(name, orgId);
    const unknown = this.#deployments.flatMap((deployment) => liveRevisions(deployment)).filter(({ digest }) => !this.#manifests.has(digest));
    for (let from = 0; from < unknown.length; from += MANIFESTS_AT_ONCE) await this.#loadManifests(unknown.slice(from, from + MANIFESTS_AT_ONCE));
    const wanted = this.#deployments.flatMap((deployment) =>
      liveRevisions(deployment).flatMap(({ id, digest, resources }) => {
        const manifest = this.#manifests.get(digest);
        return manifest ? [{ id, deployment: deployment.name, digest, resources, manifest, files: registry.filesOf(manifest) }] : [];
      }),
    );
    scheduling.want(wanted, this.#deployments.flatMap(wantedRollouts));
    this.publish();
  }

  /** The scheduler's world has changed: so have the routes. */
  publish(): void {
    const { scheduling, publish } = this.#options;
    publish(routesFeed(this.#deployments, (digest) => this.#manifests.get(digest), { epoch: scheduling.epoch(), healthOf: (id) => scheduling.health(id) }));
  }

  all(): readonly Deployment[] {
    return this.#deployments;
  }

  find(name: string): Deployment | undefined {
    return this.#deployments.find((deployment) => deployment.name === name);
  }

  list(deployer: Deployer): DeploymentView[] {
    return this.#deployments.filter(({ orgId }) => orgId === deployer.orgId || deployer.scopes.includes('operator')).map((deployment) => this.#view(deployment));
  }

  /** Those of which anything is loaded, of all organisations: who looks often need not look at all. */
  loaded(): DeploymentView[] {
    const names = this.#options.scheduling.loaded();
    return this.#deployments.filter(({ name }) => names.has(name)).map((deployment) => this.#view(deployment));
  }

  /** @throws Fault when there is none of that name, or it is another's */
  get(deployer: Deployer, name: string): DeploymentView {
    const found = this.find(name);
    if (!found || !(found.orgId === deployer.orgId || deployer.scopes.includes('operator'))) throw deploymentNotFound(name);
    return this.#view(found);
  }

  /** The model version that most of a deployment's traffic goes to; undefined when there is none of that name, or its version is gone. */
  manifestOf(name: string): Manifest | undefined {
    const revision = heaviest(this.find(name)?.revisions ?? []);
    return revision && this.#manifests.get(revision.digest);
  }

  /** The organisation that a deployment belongs to; also of one that is just going, by its last look. */
  ownerOf(name: string): string {
    return this.#owners.get(name) ?? '';
  }

  storedBytes(): { readonly deployment: string; readonly bytes: number }[] {
    const needed = this.#deployments.map((deployment) => {
      const files = liveRevisions(deployment).flatMap(({ digest }) => this.#manifests.get(digest)?.files ?? []);
      return { deployment: deployment.name, files: new Map(files.map(({ digest, bytes }) => [digest, bytes])) };
    });
    const holders = new Map<string, number>();
    for (const digest of needed.flatMap(({ files }) => [...files.keys()])) holders.set(digest, (holders.get(digest) ?? 0) + 1);
    return needed.map(({ deployment, files }) => ({ deployment, bytes: [...files].reduce((sum, [digest, bytes]) => sum + bytes / (holders.get(digest) ?? 1), 0) }));
  }

  #view(deployment: Deployment): DeploymentView {
    const health: Record<string, RevisionHealth> = {};
    for (const { id } of liveRevisions(deployment)) health[id] = this.#options.scheduling.health(id) ?? { state: 'loading', reason: '', restarts: 0, replicas: [] };
    return { ...deployment, health };
  }

  async #loadManifests(revisions: readonly Revision[]): Promise<void> {
    const { registry, problem } = this.#options;
    const models = new Map((await registry.byNames([...new Set(revisions.map(({ model }) => model))])).map((model) => [model.name, model]));
    for (const { model, version, digest } of revisions) {
      const found = models.get(model)?.versions.find(({ number }) => number === version);
      // A version that is gone leaves its revision without a route; the others go on.
      if (found) this.#manifests.set(digest, found.manifest);
      else problem(new Error(`${model}:${version}, which is deployed, is gone`));
    }
  }
}

function wantedRollouts(deployment: Deployment): WantedRollout[] {
  const rollout = runningRollout(deployment);
  const revision = deployment.revisions.find(({ id }) => id === rollout?.revision);
  if (!rollout || !revision) return [];
  const { steps, ...limits } = rollout.strategy;
  const { previous, stepsDone } = rollout;
  return [{ deployment: deployment.name, revision: revision.id, previous, replicasMin: revision.resources.replicasMin, steps, stepsDone, limits }];
}
