import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { Mutex } from '../../base/mutex.ts';
import { invalid } from '../../contract/errors.ts';
import type { RoutesFeed, Scope } from '../../contract/feeds.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { isName, orgOfName } from '../../contract/names.ts';
import { type Db, transact } from '../../db/open.ts';
import { PLATFORM } from '../identity/index.ts';
import type { Registry } from '../registry/index.ts';
import { deploymentNotFound, loadFailed, notYourName } from './errors.ts';
import { type Deployment, liveRevisions, type Resources, RESOURCES_DEFAULT, type Revision, type RevisionHealth, routesFeed } from './model.ts';
import type { Scheduling } from './ports.ts';
import * as store from './store.ts';

export interface Deployer {
  readonly orgId: string;
  readonly orgName: string;
  readonly scopes: readonly Scope[];
}

export interface DeployOrder {
  /** `name`, `name:N` or `name@label`. */
  readonly model: string;
  /** The deployment's name; the model's unless told otherwise. */
  readonly name?: string;
  /** As many always: the same as both of the next two. */
  readonly replicas?: number;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly threads?: number;
  readonly targetConcurrency?: number;
  readonly priority?: number;
  readonly idleSeconds?: number;
}

export interface DeploymentsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly scheduling: Scheduling;
  readonly threadsDefault: number;
  /** Takes each new routes feed. */
  publish(feed: RoutesFeed): void;
  /** Told of what went wrong behind a caller's back. */
  problem(error: unknown): void;
}

/** A deployment with what is known of each of its live revisions. */
export interface DeploymentView extends Deployment {
  readonly health: Readonly<Record<string, RevisionHealth>>;
}

type Bounds = Pick<Resources, 'replicasMin' | 'replicasMax' | 'idleSeconds'>;

/** What is ordered, else what was. @throws Fault when more replicas are to be kept than there may be */
function boundsOf({ replicas, minReplicas, maxReplicas, idleSeconds }: DeployOrder | Omit<DeployOrder, 'model'>, before: Bounds): Bounds {
  const replicasMin = minReplicas ?? replicas ?? before.replicasMin;
  const replicasMax = maxReplicas ?? replicas ?? Math.max(before.replicasMax, replicasMin);
  if (replicasMax < replicasMin) throw invalid(`"maxReplicas" is ${replicasMax}; it must be at least "minReplicas", which is ${replicasMin}.`, 'maxReplicas');
  return { replicasMin, replicasMax, idleSeconds: idleSeconds ?? before.idleSeconds };
}

function resourcesOf(order: DeployOrder, threadsDefault: number): Resources {
  const { threads = threadsDefault, priority = RESOURCES_DEFAULT.priority, targetConcurrency } = order;
  return { ...boundsOf(order, RESOURCES_DEFAULT), threads, priority, ...(targetConcurrency !== undefined && { targetConcurrency }) };
}

const READY_POLL_MS = 50;
const RETRY_MS = 1_000;

/** What should be running, and the routes to what is. The tables are small: they are held in memory and written through. */
export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #manifests = new Map<string, Manifest>();
  readonly #turns = new Mutex();
  #deployments: readonly Deployment[] = [];
  readonly #owners = new Map<string, string>();

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /** Reads the tables and tells the scheduler; at the start, and after each change. */
  async refresh(): Promise<void> {
    const { db, registry, scheduling } = this.#options;
    this.#deployments = await store.listDeployments(db);
    for (const { name, orgId } of this.#deployments) this.#owners.set(name, orgId);
    for (const revision of this.#deployments.flatMap((deployment) => liveRevisions(deployment))) {
      if (!this.#manifests.has(revision.digest)) await this.#loadManifest(revision);
    }
    const wanted = this.#deployments.flatMap((deployment) =>
      liveRevisions(deployment).flatMap(({ id, digest, resources, weight }) => {
        const manifest = this.#manifests.get(digest);
        return manifest ? [{ id, deployment: deployment.name, digest, resources, isRollout: weight === 0, manifest, files: registry.filesOf(manifest) }] : [];
      }),
    );
    scheduling.want(wanted);
    this.replicasChanged();
  }

  /** The scheduler's world has changed: publish the routes, and let a new revision that is ready take the traffic. */
  replicasChanged(): void {
    const { scheduling, publish } = this.#options;
    publish(
      routesFeed(
        this.#deployments,
        (digest) => this.#manifests.get(digest),
        (id) => scheduling.health(id),
      ),
    );
    for (const { name, revisions } of this.#deployments) {
      const [newest] = revisions;
      if (newest?.weight === 0 && scheduling.health(newest.id)?.state === 'ready') this.#shiftSoon(name, newest.id);
    }
  }

  /** Orders a model version to run. With the name of a running deployment it is a new revision of that one. */
  deploy(deployer: Deployer, order: DeployOrder): Promise<DeploymentView> {
    return this.#turns.run(async () => {
      const { db, clock, registry, scheduling, threadsDefault } = this.#options;
      const version = await registry.select(deployer, order.model);
      const name = order.name ?? version.model;
      this.#checkName(deployer, name);
      const known = this.#deployments.find((deployment) => deployment.name === name);
      const now = clock.now();
      const resources = resourcesOf(order, threadsDefault);
      scheduling.admit(version.manifest, resources);
      const revision: Revision = {
        id: newId('rev', now),
        model: version.model,
        version: version.number,
        digest: version.digest,
        resources,
        weight: known ? 0 : 100,
        createdAt: now,
      };
      await transact(db, async (tx) => {
        await store.upsertDeployment(tx, { name, orgId: deployer.orgId, model: version.model, createdAt: now });
        await store.insertRevision(tx, name, revision);
      });
      await this.refresh();
      return this.get(deployer, name);
    });
  }

  /** Resolves when the newest revision is ready, or is to be loaded when it is called. @throws Fault when it has failed, or the signal's reason */
  async ready(deployer: Deployer, name: string, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const { revisions, health } = this.get(deployer, name);
      const state = revisions[0] && health[revisions[0].id];
      if (state?.state === 'ready' || (state?.state === 'idle' && state.restarts === 0)) return;
      if (state && (state.state === 'failed' || state.restarts > 0)) throw loadFailed(name, state.reason);
      await this.#options.clock.after(READY_POLL_MS, signal);
    }
  }

  /** Changes the bounds of what runs and of what is about to; what an engine is made of stays. */
  scale(deployer: Deployer, name: string, order: Pick<DeployOrder, 'replicas' | 'minReplicas' | 'maxReplicas' | 'idleSeconds'>): Promise<DeploymentView> {
    return this.#turns.run(async () => {
      const changed = liveRevisions(this.get(deployer, name)).map(({ id, resources }) => ({ id, resources: { ...resources, ...boundsOf(order, resources) } }));
      await transact(this.#options.db, async (tx) => {
        for (const { id, resources } of changed) await store.updateResources(tx, id, resources);
      });
      await this.refresh();
      return this.get(deployer, name);
    });
  }

  undeploy(deployer: Deployer, name: string): Promise<void> {
    return this.#turns.run(async () => {
      this.get(deployer, name);
      await transact(this.#options.db, (tx) => store.deleteDeployment(tx, name));
      await this.refresh();
    });
  }

  list(deployer: Deployer): DeploymentView[] {
    return this.#deployments.filter(({ orgId }) => orgId === deployer.orgId || deployer.scopes.includes('operator')).map((deployment) => this.#view(deployment));
  }

  get(deployer: Deployer, name: string): DeploymentView {
    const found = this.list(deployer).find((deployment) => deployment.name === name);
    if (!found) throw deploymentNotFound(name);
    return found;
  }

  /** The organisation that a deployment belongs to; also of one that is just going, by its last look. */
  ownerOf(name: string): string {
    return this.#owners.get(name) ?? '';
  }

  /** Bytes that the files of each deployment's live versions take on disk; a file that several deployments need is shared evenly. */
  storedBytes(): { readonly deployment: string; readonly bytes: number }[] {
    const needed = this.#deployments.map((deployment) => {
      const files = liveRevisions(deployment).flatMap(({ digest }) => this.#manifests.get(digest)?.files ?? []);
      return { deployment: deployment.name, files: new Map(files.map(({ digest, bytes }) => [digest, bytes])) };
    });
    const holders = new Map<string, number>();
    for (const digest of needed.flatMap(({ files }) => [...files.keys()])) holders.set(digest, (holders.get(digest) ?? 0) + 1);
    return needed.map(({ deployment, files }) => ({ deployment, bytes: [...files].reduce((sum, [digest, bytes]) => sum + bytes / (holders.get(digest) ?? 1), 0) }));
  }

  logs(deployer: Deployer, name: string, linesMax: number): readonly string[] {
    this.get(deployer, name);
    return this.#options.scheduling.logs(name, linesMax);
  }

  /** Versions that run or are about to; what they once replaced may go. */
  deployedDigests(): ReadonlySet<string> {
    return new Set(this.#deployments.flatMap((deployment) => liveRevisions(deployment).map(({ digest }) => digest)));
  }

  #checkName(deployer: Deployer, name: string): void {
    const known = this.#deployments.find((deployment) => deployment.name === name);
    const owner = orgOfName(name) ?? PLATFORM;
    if (!isName(name) || owner !== deployer.orgName || (known && known.orgId !== deployer.orgId)) throw notYourName(name);
  }

  /** A shift that fails is tried again, for as long as it is wanted. */
  #shiftSoon(name: string, revision: string): void {
    this.#shift(name, revision).catch((error: unknown) => {
      this.#options.problem(error);
      this.#options.clock.timer(RETRY_MS, () => this.replicasChanged());
    });
  }

  #shift(name: string, revision: string): Promise<void> {
    return this.#turns.run(async () => {
      const current = this.#deployments.find((deployment) => deployment.name === name)?.revisions[0];
      if (current?.id !== revision || current.weight > 0) return;
      await transact(this.#options.db, (tx) => store.shiftTraffic(tx, name, revision));
      await this.refresh();
    });
  }

  #view(deployment: Deployment): DeploymentView {
    const health: Record<string, RevisionHealth> = {};
    for (const { id } of liveRevisions(deployment)) health[id] = this.#options.scheduling.health(id) ?? { state: 'loading', reason: '', restarts: 0, replicas: [] };
    return { ...deployment, health };
  }

  async #loadManifest({ model, version, digest }: Revision): Promise<void> {
    const all: Deployer = { orgId: '', orgName: '', scopes: ['operator'] };
    // A version that is gone leaves its revision without a route; the others go on.
    const known = await this.#options.registry.get(all, model).catch((error: unknown) => {
      this.#options.problem(error);
      return undefined;
    });
    const found = known?.versions.find(({ number }) => number === version);
    if (found) this.#manifests.set(digest, found.manifest);
  }
}
