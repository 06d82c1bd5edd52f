import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { Mutex } from '../../base/mutex.ts';
import { invalid } from '../../contract/errors.ts';
import { isName, orgOfName } from '../../contract/names.ts';
import { transact } from '../../db/open.ts';
import type { Evaluation } from '../evaluation/index.ts';
import { PLATFORM } from '../identity/index.ts';
import { gateNotMet, loadFailed, nothingToRollBack, notYourName, replicaNotFound } from './errors.ts';
import { type Deployer, LiveDeployments, type DeploymentView, type LiveOptions } from './live.ts';
import { type Deployment, liveRevisions, type Revision, runningRollout } from './model.ts';
import type { Proposal } from './ports.ts';
import { type Bounds, boundsOf, type ResourceOrder, resourcesOf } from './resources.ts';
import { AT_ONCE, heaviest, type Rollout, rolledBack, stepped, type Strategy } from './rollout.ts';
import { insertRollout, moveRollout } from './rollout-store.ts';
import * as store from './store.ts';
import { loadable } from './version.ts';

export interface DeployOrder extends ResourceOrder {
  /** `name`, `name:N` or `name@label`. */
  readonly model: string;
  /** The deployment's name; the model's unless told otherwise. */
  readonly name?: string;
  /** Conditions on the version's newest evaluation, such as `f1_macro>=0.85`; refused when one is not met. */
  readonly gates?: readonly string[];
  /** How the traffic moves, if something of that name runs already; all at once unless told otherwise. */
  readonly strategy?: Partial<Strategy>;
}

export interface ScaleOrder extends Bounds {
  /** The deployment that is called in its place when it can't serve; null: none. */
  readonly fallback?: string | null;
  /** Send a slow call to a second replica too. */
  readonly hedge?: boolean;
  /** Refuse what OpenAI's own server ignores, such as `stream_options` without a stream. */
  readonly strict?: boolean;
}

export interface DeploymentsOptions extends LiveOptions {
  readonly evaluation: Pick<Evaluation, 'gateMet'>;
  readonly clock: Clock;
  readonly threadsDefault: number;
  /** Told of each move of a rollout. */
  happened(change: RolloutChange): void;
}

export interface RolloutChange {
  readonly deployment: string;
  readonly revision: string;
  readonly state: 'rollout started' | 'traffic moved' | 'rollout done' | 'rollback';
  readonly reason: string;
}

const READY_POLL_MS = 50;

/** Orders of what should run: each is written, then told to the scheduler. The single writer of revisions, their weights and rollouts. */
export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #live: LiveDeployments;
  readonly #turns = new Mutex();

  constructor(options: DeploymentsOptions) {
    this.#options = options;
    this.#live = new LiveDeployments(options);
  }

  /** Reads the tables and tells the scheduler; at the start, and when this server has come to lead. */
  refresh(): Promise<void> {
    return this.#turns.run(() => this.#live.refresh());
  }

  /** The scheduler's world has changed: publish the routes. */
  replicasChanged(): void {
    this.#live.publish();
  }

  /** Orders a model version to run. With the name of a running deployment it is a new revision of that one, which takes over by the strategy. */
  deploy(deployer: Deployer, order: DeployOrder): Promise<DeploymentView> {
    return this.#turns.run(async () => {
      const { clock, registry, scheduling, threadsDefault } = this.#options;
      const version = await registry.select(deployer, order.model);
      const name = order.name ?? version.model;
      this.#checkName(deployer, name);
      const known = this.#live.find(name);
      await loadable({ registry, version, asked: order.model, deployment: known });
      const resources = resourcesOf(order, known && heaviest(known.revisions)?.resources, threadsDefault);
      scheduling.admit(version.manifest, resources);
      if (order.gates && order.gates.length > 0) await this.#passGates(deployer, version, order.gates);
      const now = clock.now();
      const { model, number, digest } = version;
      await this.#begin(deployer, { name, revision: { id: newId('rev', now), model, version: number, digest, resources, weight: known ? 0 : 100, createdAt: now }, order });
      return this.get(deployer, name);
    });
  }

  /** Takes back what is under way; where nothing is, goes back to what ran before the last rollout, all at once when it is ready. @throws Fault when there was none */
  rollback(deployer: Deployer, name: string): Promise<DeploymentView> {
    return this.#turns.run(async () => {
      const deployment = this.get(deployer, name);
      const running = runningRollout(deployment);
      if (running) await this.#move(deployment, running, rolledBack(running, 'by order', this.#options.clock.now()));
      else await this.#goBack(deployer, deployment);
      return this.get(deployer, name);
    });
  }

  /** Takes what the scheduler proposes, if the rollout is still where it was looked at. */
  propose(proposal: Proposal): void {
    this.#turns.run(() => this.#apply(proposal)).catch((error: unknown) => this.#options.problem(error));
  }

  /** Has a replica, or all of them, replaced by fresh ones: each goes as soon as another serves in its place. @throws Fault when there is no such replica */
  drain(deployer: Deployer, name: string, replica?: string): DeploymentView {
    const there = Object.values(this.get(deployer, name).health).flatMap(({ replicas }) => replicas.map(({ id }) => id));
    if (replica !== undefined && !there.includes(replica)) throw replicaNotFound(name, replica);
    this.#options.scheduling.drain(replica === undefined ? there : [replica]);
    return this.get(deployer, name);
  }

  /** What a replica of a model version needs and can do, before it is loaded, on the server's own machine. */
  async estimate(deployer: Deployer, model: string, order: { readonly threads?: number; readonly callsPerSecond?: number }) {
    const { registry, scheduling, threadsDefault } = this.#options;
    const { model: name, number, manifest } = await registry.select(deployer, model);
    const threads = order.threads ?? threadsDefault;
    return {
      model: name,
      version: number,
      architecture: manifest.weights.architecture,
      engine: manifest.engine,
      threads,
      ...scheduling.estimate(manifest, threads, order.callsPerSecond),
    };
  }

  /** The machines that engines run on. */
  nodes() {
    return this.#options.scheduling.nodes();
  }

  /** Resolves when the newest revision is ready, or is to be loaded when it is called. @throws Fault when it has failed, or the signal's reason */
  async ready(deployer: Deployer, name: string, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const { revisions, health, rollouts } = this.get(deployer, name);
      const [newest] = revisions;
      const [last] = rollouts;
      if (last?.state === 'rollback' && last.revision === newest?.id) throw loadFailed(name, last.reason);
      const state = newest && health[newest.id];
      if (state?.state === 'ready' || (state?.state === 'idle' && state.restarts === 0)) return;
      if (state && (state.state === 'failed' || state.restarts > 0)) throw loadFailed(name, state.reason);
      await this.#options.clock.after(READY_POLL_MS, signal);
    }
  }

  /** Changes the bounds of what runs and of what is about to, its fallback and hedging; what an engine is made of stays. */
  scale(deployer: Deployer, name: string, { fallback, hedge, strict, ...order }: ScaleOrder): Promise<DeploymentView> {
    return this.#turns.run(async () => {
      if (typeof fallback === 'string') this.#checkFallback(deployer, name, fallback);
      const changed = liveRevisions(this.get(deployer, name)).map(({ id, resources }) => ({ id, resources: boundsOf(order, resources) }));
      await transact(this.#options.db, async (tx) => {
        for (const { id, resources } of changed) await store.updateResources(tx, id, resources);
        await store.updateRouting(tx, name, { fallback, hedge, strict });
      });
      await this.#live.refresh();
      return this.get(deployer, name);
    });
  }

  undeploy(deployer: Deployer, name: string): Promise<void> {
    return this.#turns.run(async () => {
      this.get(deployer, name);
      await transact(this.#options.db, (tx) => store.deleteDeployment(tx, name));
      await this.#live.refresh();
    });
  }

  list(deployer: Deployer): DeploymentView[] {
    return this.#live.list(deployer);
  }

  /** Those of which anything is loaded, of all organisations. */
  loaded(): DeploymentView[] {
    return this.#live.loaded();
  }

  get(deployer: Deployer, name: string): DeploymentView {
    return this.#live.get(deployer, name);
  }

  /** The model version that most of a deployment's traffic goes to; undefined when there is none. */
  manifestOf(name: string): ReturnType<LiveDeployments['manifestOf']> {
    return this.#live.manifestOf(name);
  }

  /** The organisation that a deployment belongs to; also of one that is just going, by its last look. */
  ownerOf(name: string): string {
    return this.#live.ownerOf(name);
  }

  /** Bytes that the files of each deployment's live versions take on disk; a file that several deployments need is shared evenly. */
  storedBytes(): ReturnType<LiveDeployments['storedBytes']> {
    return this.#live.storedBytes();
  }

  logs(deployer: Deployer, name: string, linesMax: number): readonly string[] {
    this.get(deployer, name);
    return this.#options.scheduling.logs(name, linesMax);
  }

  /** Versions that run or are about to; what they once replaced may go. */
  deployedDigests(): ReadonlySet<string> {
    return new Set(this.#live.all().flatMap((deployment) => liveRevisions(deployment).map(({ digest }) => digest)));
  }

  /** @throws Fault for a deployment that calls of this one can't go to */
  #checkFallback(deployer: Deployer, name: string, fallback: string): void {
    const other = this.get(deployer, fallback);
    const { orgId } = this.get(deployer, name);
    if (fallback === name || other.orgId !== orgId) throw invalid(`"fallback" must be another deployment of the same organisation.`, 'fallback');
  }

  #checkName(deployer: Deployer, name: string): void {
    const known = this.#live.find(name);
    const owner = orgOfName(name) ?? PLATFORM;
    if (!isName(name) || owner !== deployer.orgName || (known && known.orgId !== deployer.orgId)) throw notYourName(name);
  }

  /** @throws Fault that says which condition the version does not meet */
  async #passGates(
    { orgId }: Deployer,
    { model, number, digest }: { readonly model: string; readonly number: number; readonly digest: string },
    gates: readonly string[],
  ): Promise<void> {
    const verdict = await this.#options.evaluation.gateMet({ orgId, model, version: number, versionDigest: digest }, gates);
    if (!verdict.met) throw gateNotMet(`${model}:${number}`, verdict.reason);
  }

  /** Writes a new revision, and beside one that runs the rollout that brings it to the traffic. */
  async #begin(
    deployer: Deployer,
    { name, revision, order }: { readonly name: string; readonly revision: Revision; readonly order: Pick<DeployOrder, 'strategy'> },
  ): Promise<void> {
    const known = this.#live.find(name);
    const now = revision.createdAt;
    const underWay = known && runningRollout(known);
    const previous = underWay?.previous ?? (known && heaviest(known.revisions)?.id);
    const strategy = { ...AT_ONCE, ...order.strategy };
    const rollout: Rollout | undefined =
      previous === undefined
        ? undefined
        : { id: newId('rol', now), revision: revision.id, previous, strategy, stepsDone: 0, state: 'running', reason: 'it is being loaded', createdAt: now, updatedAt: now };
    await transact(this.#options.db, async (tx) => {
      await store.upsertDeployment(tx, { name, orgId: deployer.orgId, model: revision.model, createdAt: now });
      if (underWay) await moveRollout(tx, underWay, rolledBack(underWay, 'a newer one was ordered', now));
      await store.insertRevision(tx, name, revision);
      if (rollout) await insertRollout(tx, name, rollout);
    });
    const old = known?.revisions.find(({ id }) => id === previous);
    const reason = `${revision.model}:${revision.version} is to replace ${old?.model}:${old?.version}`;
    if (rollout) this.#options.happened({ deployment: name, revision: revision.id, state: 'rollout started', reason });
    await this.#live.refresh();
  }

  async #goBack(deployer: Deployer, { name, revisions, rollouts }: Deployment): Promise<void> {
    const last = rollouts.find(({ state }) => state === 'done');
    const before = revisions.find(({ id }) => id === last?.previous);
    if (!before) throw nothingToRollBack(name);
    const { registry, clock } = this.#options;
    // Its files may have gone meanwhile.
    await registry.select(deployer, `${before.model}:${before.version}`);
    const now = clock.now();
    await this.#begin(deployer, { name, revision: { ...before, id: newId('rev', now), weight: 0, createdAt: now }, order: {} });
  }

  async #apply(proposal: Proposal): Promise<void> {
    const deployment = this.#live.find(proposal.deployment);
    const rollout = deployment && runningRollout(deployment);
    if (!rollout || rollout.revision !== proposal.revision) return;
    const now = this.#options.clock.now();
    if (proposal.type === 'rollback') return this.#move(deployment, rollout, rolledBack(rollout, proposal.reason, now));
    if (proposal.step === rollout.stepsDone) await this.#move(deployment, rollout, stepped(rollout, proposal.reason, now));
  }

  async #move({ name }: Deployment, from: Rollout, to: Rollout): Promise<void> {
    const moved = await transact(this.#options.db, (tx) => moveRollout(tx, from, to));
    if (!moved) return;
    const share = to.strategy.steps[to.stepsDone - 1];
    const state = to.state === 'done' ? 'rollout done' : to.state === 'rollback' ? 'rollback' : 'traffic moved';
    this.#options.happened({ deployment: name, revision: to.revision, state, reason: to.state === 'rollback' ? to.reason : `${share} % of the traffic: ${to.reason}` });
    await this.#live.refresh();
  }
}
