import type { Clock } from '../../../base/clock.ts';
import type { Db } from '../../../db/open.ts';
import type { Deployments } from '../../deployments/index.ts';
import { sloNotFound } from '../errors.ts';
import type { Rollup } from '../history/model.ts';
import type { History } from '../history/service.ts';
import type { Viewer } from '../service.ts';
import { type Burn, budgetLeft, burns, type Counted, LONGEST_MS, type Objective, sum } from './model.ts';
import { deleteObjective, listObjectives, putObjective } from './store.ts';

const DAY_MS = 86_400_000;

export interface SlosOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly deployments: Deployments;
  readonly history: Pick<History, 'read'>;
}

/** How an objective is kept now. */
export interface SloStatus {
  readonly objective: Objective;
  readonly burns: readonly Burn[];
  /** Over the objective's window, as far as there is history. */
  readonly calls: number;
  readonly availabilityLeft: number;
  readonly latencyLeft: number | undefined;
}

/** Service level objectives, one a deployment. The minutes of the longest burn window are held in memory, so that looking at them asks nobody. */
export class Slos {
  readonly #options: SlosOptions;
  #objectives: ReadonlyMap<string, Objective> = new Map();
  readonly #minutes = new Map<string, Counted[]>();

  constructor(options: SlosOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#objectives = new Map((await listObjectives(this.#options.db)).map((objective) => [objective.deployment, objective]));
    for (const objective of this.#objectives.values()) await this.#recall(objective);
  }

  /** Takes what was just written of a minute. */
  written(rollups: readonly Rollup[]): void {
    const oldest = this.#options.clock.now() - LONGEST_MS;
    for (const rollup of rollups) {
      const objective = this.#objectives.get(rollup.deployment);
      if (!objective) continue;
      const known = this.#minutes.get(rollup.deployment) ?? [];
      this.#minutes.set(rollup.deployment, [...known.filter(({ start }) => start >= oldest), counted(objective, rollup)]);
    }
  }

  /** Of a deployment that has an objective. */
  burns(deployment: string): readonly Burn[] | undefined {
    const objective = this.#objectives.get(deployment);
    return objective && burns(objective, this.#minutes.get(deployment) ?? [], this.#options.clock.now());
  }

  /** @throws Fault when the deployment is not the viewer's, or has none */
  async get(viewer: Viewer, deployment: string): Promise<SloStatus> {
    this.#options.deployments.get(viewer, deployment);
    const objective = this.#objectives.get(deployment);
    if (!objective) throw sloNotFound(deployment);
    return this.#status(objective);
  }

  async list(viewer: Viewer): Promise<SloStatus[]> {
    const names = new Set(this.#options.deployments.list(viewer).map(({ name }) => name));
    const statuses: SloStatus[] = [];
    for (const objective of this.#objectives.values()) if (names.has(objective.deployment)) statuses.push(await this.#status(objective));
    return statuses;
  }

  /** @throws Fault when the deployment is not the viewer's */
  async put(viewer: Viewer, order: Omit<Objective, 'orgId'>): Promise<SloStatus> {
    const { orgId } = this.#options.deployments.get(viewer, order.deployment);
    const objective = { ...order, orgId };
    await putObjective(this.#options.db, objective);
    this.#objectives = new Map([...this.#objectives, [objective.deployment, objective]]);
    await this.#recall(objective);
    return this.#status(objective);
  }

  async remove(viewer: Viewer, deployment: string): Promise<void> {
    this.#options.deployments.get(viewer, deployment);
    if (!this.#objectives.has(deployment)) throw sloNotFound(deployment);
    await deleteObjective(this.#options.db, deployment);
    this.#objectives = new Map([...this.#objectives].filter(([name]) => name !== deployment));
    this.#minutes.delete(deployment);
  }

  async #status(objective: Objective): Promise<SloStatus> {
    const { deployment, availability, latency, windowDays } = objective;
    const now = this.#options.clock.now();
    const rollups = await this.#options.history.read({ since: now - windowDays * DAY_MS, until: now, deployment }, true);
    const { calls, failed, slow } = sum(
      rollups.map((rollup) => counted(objective, rollup)),
      0,
    );
    const latencyLeft = latency && budgetLeft(slow, calls, latency.share);
    return { objective, burns: this.burns(deployment) ?? [], calls, availabilityLeft: budgetLeft(failed, calls, availability), latencyLeft };
  }

  /** The minutes of before there was this objective, or this process. */
  async #recall(objective: Objective): Promise<void> {
    const { clock, history } = this.#options;
    const now = clock.now();
    const rollups = await history.read({ since: now - LONGEST_MS, until: now, deployment: objective.deployment }, false);
    this.#minutes.set(
      objective.deployment,
      rollups.map((rollup) => counted(objective, rollup)),
    );
  }
}

function counted({ latency }: Objective, { start, calls, failed, duration }: Rollup): Counted {
  return { start, calls, failed, slow: latency ? duration.countAbove(latency.ms / 1_000) : 0 };
}
