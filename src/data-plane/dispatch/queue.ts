import { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, ReplicaRoute, RevisionRoute } from '../../contract/feeds.ts';
import { next, type Slot, type Waiting } from './next.ts';
import { Upstream } from './upstream.ts';

/** A replica as the queue sees it: how many of its slots are taken by this gateway. */
export interface Lane {
  readonly replica: ReplicaRoute;
  readonly revision: RevisionRoute;
  readonly upstream: Upstream;
  busy: number;
}

/** A call in the queue. `start` is given the lane, and for a batch the calls that share it, itself first. */
export interface Entry extends Waiting {
  revision: string;
  /** Only this revision will do. */
  readonly pinned: boolean;
  start(lane: Lane, batch: readonly Entry[]): void;
  refuse(fault: Fault): void;
}

/** The queue of one deployment. Only this object changes it: every change ends in `#pump`, which asks `next` what to do. */
export class DeploymentQueue {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, Lane>();
  #route: DeploymentRoute;

  constructor(route: DeploymentRoute, entriesMax: number) {
    this.#route = route;
    this.#entriesMax = entriesMax;
    this.update(route);
  }

  get depth(): number {
    return this.#entries.size;
  }

  get running(): number {
    let sum = 0;
    for (const { busy } of this.#lanes.values()) sum += busy;
    return sum;
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
      if (!this.#lanes.has(id)) this.#lanes.set(id, { replica, revision, upstream: new Upstream(replica), busy: 0 });
    }
    for (const entry of this.#entries.values()) {
      this.#followTraffic(entry);
      const fault = this.#hopeless(entry);
      if (!fault) continue;
      this.#entries.delete(entry.id);
      entry.refuse(fault);
    }
    this.#pump();
  }

  /** @throws Fault `queue_full` at the bound, or when nothing can ever serve the call */
  add(entry: Entry): void {
    this.#followTraffic(entry);
    const fault = this.#hopeless(entry);
    if (fault) throw fault;
    if (this.#entries.size >= this.#entriesMax && !this.#canStart(entry)) {
      throw new Fault('unavailable', 'queue_full', `"${this.#route.name}" has ${this.#entriesMax} calls waiting; try again shortly.`, { retryAfterSeconds: 1 });
    }
    this.#entries.set(entry.id, entry);
    this.#pump();
  }

  /** Takes a call out that nobody waits for any more. Returns whether it was still waiting. */
  remove(id: string): boolean {
    return this.#entries.delete(id);
  }

  /** A lane has a slot back. */
  free(lane: Lane): void {
    lane.busy--;
    this.#pump();
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.refuse(gone(this.#route.name));
    this.#entries.clear();
    for (const lane of this.#lanes.values()) void lane.upstream.close();
    this.#lanes.clear();
  }

  #canStart(entry: Entry): boolean {
    return this.#entries.size === 0 && next([entry], this.#slots()) !== undefined;
  }

  #pump(): void {
    while (this.#entries.size > 0) {
      const pick = next(this.#entries.values(), this.#slots());
      if (!pick) return;
      const lane = this.#lanes.get(pick.replica);
      const batch = pick.calls.flatMap((id) => this.#entries.get(id) ?? []);
      if (!lane || !batch[0]) return;
      for (const { id } of batch) this.#entries.delete(id);
      lane.busy++;
      batch[0].start(lane, batch);
    }
  }

  #slots(): Slot[] {
    return [...this.#lanes.values()].map(({ replica, revision, busy }) => ({
      replica: replica.id,
      revision: revision.id,
      free: replica.slots - busy,
      maxBatchSize: revision.maxBatchSize,
    }));
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
    if (!revision || revision.state === 'stopped') return gone(this.#route.name);
    if (revision.state !== 'failed') return undefined;
    return new Fault('unavailable', 'model_unavailable', `"${this.#route.name}" could not be started: ${revision.reason}`, { retryAfterSeconds: 5 });
  }
}

function gone(name: string): Fault {
  return new Fault('unavailable', 'model_unavailable', `"${name}" is not running.`, { retryAfterSeconds: 5 });
}
