import type { Clock } from '../../base/clock.ts';
import { Deadlines } from '../../base/deadlines.ts';
import { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, RoutesFeed } from '../../contract/feeds.ts';
import type { Call, Ending, AnswerSink, Target, Work } from '../call.ts';
import type { ForeignServers } from '../ports.ts';
import { ForwardJob } from './forward.ts';
import { runHedged } from './hedge.ts';
import { ATTEMPTS_MAX, type Job, type JobEnd, type JobParts } from './job.ts';
import { Quarantine } from './quarantine.ts';
import { DeploymentQueue, notRunning, type QueueOptions, type RevisionLoad } from './queue.ts';
import { TensorJob } from './tensors.ts';

const NONE: ReadonlySet<string> = new Set();
/** Pause before a call is offered again to engines that were all full. */
const FULL_PAUSE_MS = 25;
/** An engine has a second for the usage of a call that is cancelled. */
const CLOSE_MS_MAX = 2_000;
/** By then the routes have lost an engine whose process has ended. */
const LOST_MS = 2_000;

export interface DispatchOptions {
  readonly clock: Clock;
  /** Calls that may wait per deployment. */
  readonly queueMax: number;
  readonly foreign: ForeignServers;
  /** Told when a call waits for a revision that has no replica: it is to be loaded. */
  wake(): void;
  batched?: NonNullable<QueueOptions['batched']>;
  /** Told of an input that is refused from now on: it has ended engines. */
  quarantined?(deployment: string): void;
  executed?: NonNullable<QueueOptions['executed']>;
}

/** What a dispatched call brings. */
export interface Dispatched {
  readonly call: Call;
  readonly target: Target;
  /** The caller's organisation: shares a deployment with others by turns, and its prefix cache with nobody. */
  readonly tenant: string;
}

/** The queues of all deployments, and the way of a call through its own. */
export class Dispatch {
  readonly #clock: Clock;
  readonly #queueOptions: QueueOptions;
  readonly #deadlines: Deadlines;
  readonly #queues = new Map<string, DeploymentQueue>();
  readonly #quarantine: Quarantine;
  readonly #quarantined: (deployment: string) => void;

  constructor({ clock, queueMax, foreign, wake, batched, executed, quarantined = () => undefined }: DispatchOptions) {
    this.#quarantine = new Quarantine(clock);
    this.#quarantined = quarantined;
    this.#clock = clock;
    this.#queueOptions = { clock, entriesMax: queueMax, foreign, wake, ...(batched && { batched }), ...(executed && { executed }) };
    this.#deadlines = new Deadlines(clock);
  }

  /** Takes a newer routes feed. */
  update({ deployments }: RoutesFeed): void {
    const names = new Set(deployments.map(({ name }) => name));
    for (const [name, queue] of this.#queues) {
      if (names.has(name)) continue;
      this.#queues.delete(name);
      void queue.close();
    }
    for (const route of deployments) this.#queue(route).update(route);
  }

  /**
   * Refuses what waits, and closes the connections to engines, each once its call has ended: an idle one would keep the process. Calls that were cut off just now
   * have a moment to tell what they used.
   */
  async close(): Promise<void> {
    const closed = [...this.#queues.values()].map((queue) => queue.close());
    this.#queues.clear();
    const over = new AbortController();
    await Promise.race([Promise.all(closed), this.#clock.after(CLOSE_MS_MAX, over.signal).catch(() => undefined)]);
    over.abort();
  }

  /** What each revision has waiting and running. */
  load(): RevisionLoad[] {
    return [...this.#queues.values()].flatMap((queue) => queue.load());
  }

  /** The same of deployments that were ever called: of ten thousand that are there, most do nothing. */
  calledLoad(): RevisionLoad[] {
    const loads: RevisionLoad[] = [];
    for (const queue of this.#queues.values()) if (queue.isCalled) loads.push(...queue.load());
    return loads;
  }

  /** Sees one call through: its turn, its engine, its answer into the sink. Resolves however it ended; refusals before the turn too. */
  async run(dispatched: Dispatched, work: Work, sink: AnswerSink): Promise<Ending> {
    const { call, target } = dispatched;
    const queue = this.#queues.get(target.deployment.name);
    if (!queue) return { status: 'failed', attempts: 1, fault: notRunning(target.deployment.name) };
    const refusal = this.#quarantine.refusal(target.revision, work);
    if (refusal) return { status: 'failed', attempts: 1, fault: refusal };
    let avoid = NONE;
    let wasLost = false;
    let isAlone = false;
    for (let attempts = 1; ; attempts++) {
      const parts: JobParts = { call, target, tenant: dispatched.tenant, attempt: attempts, queue, deadlines: this.#deadlines, clock: this.#clock, avoid, isAlone };
      const { job, end } = await this.#attempt(parts, work, sink);
      if (job.lane && (end.status === 'full' || end.status === 'failed')) avoid = new Set([...avoid, job.lane.replica.id]);
      if (end.status === 'failed' && end.retry === true && job.lane) {
        const mayRetry = !this.#blames(job, target, work) && !wasLost && attempts < ATTEMPTS_MAX && queue.mayRetry(job.revision, job.lane, avoid);
        wasLost = true;
        // Of somebody else's server it keeps nobody away: only a connection was lost there.
        isAlone = !job.lane.upstream.foreign;
        if (mayRetry) {
          if (!(await this.#lost(queue, { avoid, revision: job.revision, call }))) return { status: 'cancelled', attempts };
          if (queue.hasOnly(avoid, job.revision)) avoid = NONE;
          continue;
        }
      }
      if (end.status === 'complete' && job.lane) this.#quarantine.answered(job.lane.revision, work);
      if (end.status !== 'full') return endingOf(end, attempts);
      if (attempts >= ATTEMPTS_MAX || !job.lane || !queue.mayOfferAgain(job.lane)) return { status: 'failed', attempts, fault: overloaded(target.deployment.name) };
      if (target.revision.replicas.every(({ id }) => avoid.has(id))) avoid = NONE;
      if (!(await this.#pause(FULL_PAUSE_MS * attempts, call))) return { status: 'cancelled', attempts };
    }
  }

  /** Waits until an engine that was lost is known to be: one that is still there after a while has lost a connection only. Resolves with whether the client is still there. */
  async #lost(queue: DeploymentQueue, { avoid, revision, call }: { readonly avoid: ReadonlySet<string>; readonly revision: string; readonly call: Call }): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < LOST_MS && queue.hasOnly(avoid, revision); waitedMs += FULL_PAUSE_MS) if (!(await this.#pause(FULL_PAUSE_MS, call))) return false;
    return true;
  }

  /** Whether a lost engine is this input's doing, for the last time. Of somebody else's server only a connection was lost, and that says nothing. */
  #blames(job: Job, { deployment }: Target, work: Work): boolean {
    const { lane } = job;
    if (!lane || lane.upstream.foreign || !job.ranAlone || !this.#quarantine.crashed(lane.revision, work)) return false;
    this.#quarantined(deployment.name);
    return true;
  }

  /** One attempt; where the deployment hedges, a slow one is made on a second replica too. A stream is not: it has begun before it is slow. */
  async #attempt(parts: JobParts, work: Work, sink: AnswerSink): Promise<{ readonly job: Job; readonly end: JobEnd }> {
    const { queue, call, clock } = parts;
    const afterMs = work.kind === 'forward' && work.stream ? undefined : queue.hedgeAfterMs;
    if (afterMs === undefined) {
      const job = jobFor(parts, work, sink);
      return { job, end: await job.run() };
    }
    let primary: Job | undefined;
    const first = (own: AnswerSink) => (primary = jobFor(parts, work, own));
    const second = () => {
      const { lane, revision } = primary ?? {};
      const avoid = new Set([...parts.avoid, ...(lane ? [lane.replica.id] : [])]);
      if (!lane || revision === undefined || !queue.mayHedge(revision, avoid)) return undefined;
      return (own: AnswerSink) => jobFor({ ...parts, avoid, isHedge: true }, work, own);
    };
    return runHedged({ clock, presence: call.presence, sink, afterMs, first, second });
  }

  /** Resolves with whether the client is still there. */
  #pause(ms: number, { presence }: Call): Promise<boolean> {
    return new Promise((resolve) => {
      const end = () => {
        presence.holder = undefined;
        resolve(!presence.left);
      };
      const stopTimer = this.#clock.timer(ms, end);
      presence.holder = {
        leave() {
          stopTimer();
          end();
        },
      };
    });
  }

  #queue(route: DeploymentRoute): DeploymentQueue {
    let queue = this.#queues.get(route.name);
    if (!queue) this.#queues.set(route.name, (queue = new DeploymentQueue(route, this.#queueOptions)));
    return queue;
  }
}

function jobFor(parts: JobParts, work: Work, sink: AnswerSink): Job {
  return work.kind === 'tensor' ? new TensorJob(parts, { work, sink }) : new ForwardJob(parts, { work, cacheSalt: parts.tenant, sink });
}

function endingOf(end: Exclude<JobEnd, { status: 'full' }>, attempts: number): Ending {
  return end.status === 'failed' ? { status: 'failed', fault: end.fault, attempts } : { ...end, attempts };
}

function overloaded(name: string): Fault {
  return new Fault('unavailable', 'engine_overloaded', `"${name}" has no free slot; try again shortly.`, { retryAfterSeconds: 1 });
}
