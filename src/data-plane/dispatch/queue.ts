import { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, ReplicaRoute, RevisionRoute } from '../../contract/feeds.ts';
import { next, type Pick, type Waiting } from './next.ts';
import { RetryBudget } from './retry-budget.ts';
import { Upstream } from './upstream.ts';

/** A replica as the queue sees it: how many of its slots are taken by this gateway. */
export class Lane {
  readonly replica: ReplicaRoute;
  readonly revision: RevisionRoute;
  readonly upstream: Upstream;
  busy = 0;

  constructor(replica: ReplicaRoute, revision: RevisionRoute) {
    this.replica = replica;
    this.revision = revision;
    this.upstream = new Upstream(replica);
  }

  get free(): number {
    return this.replica.slots - this.busy;
  }
}

/** A call in the queue. `start` is given the lane, and for a batch the calls that share it, itself first. */
export interface Entry extends Waiting {
  revision: string;
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
  /** Only this revision will do. */
  readonly pinned: boolean;
  start(lane: Lane, batch: readonly Entry[]): void;
  refuse(fault: Fault): void;
}

/** What one revision has to do here. */
export interface RevisionLoad {
  readonly deployment: string;
  readonly revision: string;
  readonly waiting: number;
  readonly running: number;
  /** When the oldest waiting call arrived, and when the newest call of all did; monotonic milliseconds. */
  readonly waitingSince: number | undefined;
  readonly lastCallAt: number | undefined;
}

export interface QueueOptions {
  /** Calls that may wait. */
  readonly entriesMax: number;
  /** Told when a call waits for a revision that has no replica. */
  wake(): void;
  /** Told how many calls go to an engine together, of revisions that batch. */
  batched?(deployment: string, calls: number): void;
}

/** The queue of one deployment. Only this object changes it: every change ends in `#pump`, which asks `next` what to do. */
export class DeploymentQueue {
  readonly #options: QueueOptions;
  readonly #lastCallAt = new Map<string, number>();
  readonly #budget = new RetryBudget();
  readonly #entries = new Set<Entry>();
  readonly #lanes = new Map<string, Lane>();
  #laneList: readonly Lane[] = [];
  #route: DeploymentRoute;

  constructor(route: DeploymentRoute, options: QueueOptions) {
    this.#route = route;
    this.#options = options;
    this.update(route);
  }

  /** What each revision has waiting and running. */
  load(): RevisionLoad[] {
    const { name, revisions } = this.#route;
    return revisions.map(({ id }) => {
      const waiting = [...this.#entries].filter(({ revision }) => revision === id);
      const running = this.#laneList.reduce((sum, { revision, busy }) => sum + (revision.id === id ? busy : 0), 0);
      return { deployment: name, revision: id, waiting: waiting.length, running, waitingSince: waiting[0]?.arrivedAt, lastCallAt: this.#lastCallAt.get(id) };
    });
  }

  /** Takes a newer route: replicas that have gone are closed once idle, waiting calls whose revision can't come are refused. */
  update(route: DeploymentRoute): void {
    this.#route = route;
    const wanted = new Map(route.revisions.flatMap((revision) => revision.replicas.map((replica) => [replica.id, { replica, revision }] as const)));
    for (const [id, lane] of this.#lanes) {
      if (wanted.has(id)) continue;
      this.#lanes.delete(id);
      void lane.upstream.close();
    }
    for (const [id, { replica, revision }] of wanted) {
      if (!this.#lanes.has(id)) this.#lanes.set(id, new Lane(replica, revision));
    }
    this.#laneList = [...this.#lanes.values()];
    for (const id of this.#lastCallAt.keys()) if (!route.revisions.some((revision) => revision.id === id)) this.#lastCallAt.delete(id);
    for (const entry of this.#entries) {
      this.#followTraffic(entry);
      const fault = this.#hopeless(entry);
      if (!fault) continue;
      this.#entries.delete(entry);
      entry.refuse(fault);
    }
    this.#pump();
  }

  /** Takes a call in, or refuses it: at the bound with `queue_full`, and when nothing can ever serve it. */
  add(entry: Entry): void {
    this.#followTraffic(entry);
    const fault = this.#hopeless(entry);
    if (fault) return entry.refuse(fault);
    this.#lastCallAt.set(entry.revision, entry.arrivedAt);
    if (entry.avoid.size === 0) this.#budget.deposit();
    // Most calls find a free slot: they never stand in the queue at all.
    const pick = this.#entries.size === 0 ? next([entry], this.#laneList) : undefined;
    if (pick) return this.#start(pick);
    if (this.#entries.size >= this.#options.entriesMax) {
      return entry.refuse(
        new Fault('unavailable', 'queue_full', `"${this.#route.name}" has ${this.#options.entriesMax} calls waiting; try again shortly.`, { retryAfterSeconds: 1 }),
      );
    }
    this.#entries.add(entry);
    if (!this.#laneList.some(({ revision }) => revision.id === entry.revision)) this.#options.wake();
    this.#pump();
  }

  /** Whether a call whose engine was lost may try another: one that is not among those to avoid is there, and the budget allows it. */
  mayRetry(revision: string, avoid: ReadonlySet<string>): boolean {
    return this.#laneList.some((lane) => lane.revision.id === revision && !avoid.has(lane.replica.id)) && this.#budget.withdraw();
  }

  /** Takes a call out that nobody waits for any more. */
  remove(entry: Entry): void {
    this.#entries.delete(entry);
  }

  /** A lane has a slot back. */
  free(lane: Lane): void {
    lane.busy--;
    this.#pump();
  }

  close(): void {
    for (const entry of this.#entries) entry.refuse(notRunning(this.#route.name));
    this.#entries.clear();
    for (const lane of this.#laneList) void lane.upstream.close();
    this.#lanes.clear();
    this.#laneList = [];
  }

  #pump(): void {
    while (this.#entries.size > 0) {
      const pick = next(this.#entries, this.#laneList);
      if (!pick) return;
      for (const entry of pick.calls) this.#entries.delete(entry);
      this.#start(pick);
    }
  }

  #start({ lane, calls }: Pick<Entry, Lane>): void {
    lane.busy++;
    if (lane.revision.maxBatchSize > 1) this.#options.batched?.(this.#route.name, calls.length);
    calls[0]?.start(lane, calls);
  }

  /** A call that named no version goes where the traffic goes when its revision has left (S13). */
  #followTraffic(entry: Entry): void {
    const { revisions } = this.#route;
    if (entry.pinned || revisions.some(({ id }) => id === entry.revision)) return;
    const [heir] = revisions.toSorted((a, b) => b.weight - a.weight);
    if (heir) entry.revision = heir.id;
  }

  #hopeless({ revision: id }: Entry): Fault | undefined {
    const revision = this.#route.revisions.find((candidate) => candidate.id === id);
    if (!revision || revision.state === 'stopped') return notRunning(this.#route.name);
    if (revision.state !== 'failed') return undefined;
    return new Fault('unavailable', 'model_unavailable', `"${this.#route.name}" could not be started: ${revision.reason}`, { retryAfterSeconds: 5 });
  }
}

/** There is no such deployment, or no more. */
export function notRunning(name: string): Fault {
  return new Fault('unavailable', 'model_unavailable', `"${name}" is not running.`, { retryAfterSeconds: 5 });
}
