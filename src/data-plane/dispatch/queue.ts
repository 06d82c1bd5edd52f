import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { type DeploymentRoute, isForeign } from '../../contract/feeds.ts';
import type { Execution } from '../../telemetry/model-stats.ts';
import type { ForeignServers } from '../ports.ts';
import { EngineUpstream } from './engine-upstream.ts';
import { FairLine, type Member } from './fair-line.ts';
import { ForeignUpstream } from './foreign-upstream.ts';
import { HedgePolicy } from './hedge-policy.ts';
import { Lane, type LaneOf, type Outcome } from './lane.ts';
import { next, type Pick, type Waiting } from './next.ts';
import { RetryBudget } from './retry-budget.ts';

/** A call for which every replica rests for longer than this is refused with the time that is left. */
const REST_MS_MAX = 5_000;

/** A call in the queue. `start` is given the lane, and for a batch the calls that share it, itself first. */
export interface Entry extends Waiting, Member {
  revision: string;
  /** Monotonic milliseconds. */
  readonly arrivedAt: number;
  /** Only this revision will do. */
  readonly pinned: boolean;
  /** Which try of its call this is, from 1. */
  readonly attempt: number;
  /** What the line has charged its tenant for it. */
  charged: number;
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
  readonly clock: Clock;
  /** Calls that may wait. */
  readonly entriesMax: number;
  readonly foreign: ForeignServers;
  /** Told when a call waits for a revision that has no replica. */
  wake(): void;
  /** Told how many calls go to an engine together, of revisions that batch. */
  batched?(deployment: string, calls: number): void;
  /** Told of each answer of an engine, to one call or to several together. */
  executed?(execution: Execution): void;
}

/** The queue of one deployment. Only this object changes it: every change ends in `#pump`, which asks `next` what to do. */
export class DeploymentQueue {
  readonly #options: QueueOptions;
  readonly #lastCallAt = new Map<string, number>();
  readonly #budget = new RetryBudget();
  readonly #hedge = new HedgePolicy();
  readonly #line = new FairLine<Entry>();
  readonly #lanes = new Map<string, Lane>();
  #laneList: readonly Lane[] = [];
  #route: DeploymentRoute;

  constructor(route: DeploymentRoute, options: QueueOptions) {
    this.#route = route;
    this.#options = options;
    this.update(route);
  }

  /** Whether any of its revisions was ever called. */
  get isCalled(): boolean {
    return this.#lastCallAt.size > 0 || this.#line.size > 0;
  }

  /** What each revision has waiting and running. */
  load(): RevisionLoad[] {
    const { name, revisions } = this.#route;
    const all = this.#line.size > 0 ? [...this.#line] : [];
    return revisions.map(({ id }) => {
      const waiting = all.filter(({ revision }) => revision === id);
      const running = this.#laneList.reduce((sum, { revision, busy }) => sum + (revision.id === id ? busy : 0), 0);
      const waitingSince = waiting.reduce<number | undefined>((oldest, { arrivedAt }) => Math.min(oldest ?? arrivedAt, arrivedAt), undefined);
      return { deployment: name, revision: id, waiting: waiting.length, running, waitingSince, lastCallAt: this.#lastCallAt.get(id) };
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
    for (const [id, of] of wanted) {
      if (!this.#lanes.has(id)) this.#lanes.set(id, this.#lane(of));
    }
    this.#laneList = [...this.#lanes.values()];
    for (const id of this.#lastCallAt.keys()) if (!route.revisions.some((revision) => revision.id === id)) this.#lastCallAt.delete(id);
    for (const entry of this.#line) {
      this.#followTraffic(entry);
      const fault = this.#hopeless(entry);
      if (!fault) continue;
      this.#line.delete(entry);
      entry.refuse(fault);
    }
    this.#pump();
  }

  #lane(of: LaneOf): Lane {
    const { clock, foreign } = this.#options;
    const { address } = of.replica;
    const upstream = isForeign(address) ? new ForeignUpstream(address, foreign) : new EngineUpstream(address, clock);
    return new Lane({ ...of, upstream }, clock, () => this.#pump());
  }

  /** Takes a call in, or refuses it: at the bound with `queue_full`, and when nothing can serve it now or ever. */
  add(entry: Entry): void {
    this.#followTraffic(entry);
    const fault = this.#hopeless(entry);
    if (fault) return entry.refuse(fault);
    this.#lastCallAt.set(entry.revision, entry.arrivedAt);
    if (entry.attempt === 1) this.#budget.deposit();
    // Most calls find a free slot: they never stand in the queue at all.
    const pick = this.#line.size === 0 ? next([entry], this.#laneList) : undefined;
    if (pick) return this.#start(pick);
    const refusal = this.#resting(entry.revision) ?? this.#full();
    if (refusal) return entry.refuse(refusal);
    this.#line.add(entry);
    if (!this.#laneList.some(({ revision }) => revision.id === entry.revision)) this.#options.wake();
    this.#pump();
  }

  /** Whether a call that was lost with its engine may be made again. An engine of ours has ended: it comes back, or another is there. Of somebody else's server only a connection has, and the budget decides (S6). */
  mayRetry(revision: string, { upstream: { foreign } }: Lane, avoid: ReadonlySet<string>): boolean {
    if (foreign) return this.#laneList.some((lane) => lane.revision.id === revision && !avoid.has(lane.replica.id)) && this.#budget.withdraw();
    const { state } = this.#route.revisions.find(({ id }) => id === revision) ?? {};
    return state !== undefined && state !== 'failed' && state !== 'stopped';
  }

  /** Whether a call could only go to replicas that it avoids. */
  hasOnly(avoid: ReadonlySet<string>, revision: string): boolean {
    const lanes = this.#laneList.filter((lane) => lane.revision.id === revision);
    return lanes.length > 0 && lanes.every(({ replica }) => avoid.has(replica.id));
  }

  /** When a call of this deployment is sent a second time; undefined: never. */
  get hedgeAfterMs(): number | undefined {
    return this.#route.hedge === true ? this.#hedge.afterMs : undefined;
  }

  /** Whether it may be now: another replica has a free slot, none of them rests, and the budget allows it (S11). */
  mayHedge(revision: string, avoid: ReadonlySet<string>): boolean {
    const lanes = this.#laneList.filter((lane) => lane.revision.id === revision);
    const isFree = lanes.some((lane) => lane.free > 0 && !avoid.has(lane.replica.id));
    return isFree && lanes.every(({ restsUntil }) => restsUntil === undefined) && this.#budget.isFull && this.#hedge.withdraw();
  }

  /** Whether a call that an engine was too full for may be offered again. One that is about to end refuses what it is sent: that costs nothing. */
  mayOfferAgain(lane: Lane): boolean {
    return !this.#lanes.has(lane.replica.id) || this.#budget.withdraw();
  }

  /** Takes a call out that nobody waits for any more. */
  remove(entry: Entry): void {
    this.#line.delete(entry);
  }

  /** A lane has a slot back, after `ms` in which these calls shared it. `outcome`: what that says of the replica; undefined: nothing. */
  free(lane: Lane, calls: readonly Entry[], ms: number, outcome: Outcome | undefined): void {
    lane.busy--;
    lane.isTaken = false;
    const rows = calls.reduce((sum, call) => sum + call.rows, 0);
    for (const call of calls) this.#line.end(call, (ms * call.rows) / Math.max(rows, 1), call.charged);
    if (outcome === 'served' && this.#route.hedge === true) this.#hedge.observe(ms);
    if (outcome) lane.report(outcome, () => this.#mayEject(lane));
    this.#pump();
  }

  /** An engine has answered so many rows, after `ms`. */
  executed({ revision }: Lane, rows: number, ms: number): void {
    this.#options.executed?.({ deployment: this.#route.name, version: revision.version, rows, ms });
  }

  /** Refuses what waits. Resolves once the calls that run have ended. */
  async close(): Promise<void> {
    for (const entry of this.#line) entry.refuse(notRunning(this.#route.name));
    this.#line.clear();
    const lanes = this.#laneList;
    this.#lanes.clear();
    this.#laneList = [];
    await Promise.all(lanes.map((lane) => lane.upstream.close()));
  }

  #pump(): void {
    while (this.#line.size > 0) {
      const pick = next(this.#line, this.#laneList);
      if (!pick) return;
      this.#start(pick);
    }
  }

  #start({ lane, calls }: Pick<Entry, Lane>): void {
    if (lane.busy++ > 0) lane.meetings++;
    lane.isTaken = calls[0]?.isAlone ?? false;
    if (lane.revision.maxBatchSize > 1) this.#options.batched?.(this.#route.name, calls.length);
    for (const call of calls) call.charged = this.#line.begin(call);
    calls[0]?.start(lane, calls);
  }

  /** At most half of a revision's replicas rest at a time: when all fail, asking them beats asking none (Envoy's panic mode). */
  #mayEject({ revision }: Lane): boolean {
    const all = this.#laneList.filter((lane) => lane.revision.id === revision.id);
    return (all.filter(({ restsUntil }) => restsUntil !== undefined).length + 1) * 2 <= all.length;
  }

  #resting(revision: string): Fault | undefined {
    const lanes = this.#laneList.filter((lane) => lane.revision.id === revision);
    if (lanes.length === 0) return undefined;
    const ms = Math.min(...lanes.map(({ restsUntil }) => restsUntil ?? 0)) - this.#options.clock.monotonic();
    if (ms <= REST_MS_MAX) return undefined;
    return new Fault('unavailable', 'upstream_resting', `"${this.#route.name}" has asked to be left alone for a while.`, { retryAfterSeconds: Math.ceil(ms / 1_000) });
  }

  #full(): Fault | undefined {
    const { entriesMax } = this.#options;
    if (this.#line.size < entriesMax) return undefined;
    return new Fault('unavailable', 'queue_full', `"${this.#route.name}" has ${entriesMax} calls waiting; try again shortly.`, { retryAfterSeconds: 1 });
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
