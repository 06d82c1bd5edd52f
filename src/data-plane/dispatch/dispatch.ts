import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { DeploymentRoute, RoutesFeed } from '../../contract/feeds.ts';
import type { Call, Ending, ForwardWork, ReplySink, Target, TensorWork, Work } from '../call.ts';
import { batchKey } from '../dialects/oip.ts';
import { forward, type ForwardEnd } from './forward.ts';
import { ATTEMPTS_MAX, deadlineFault } from './job.ts';
import { DeploymentQueue, type Entry, type Lane } from './queue.ts';
import { runBatch, type TensorEnd } from './tensors.ts';

/** Pause before a call is offered again to engines that were all full. */
const FULL_PAUSE_MS = 25;

export interface DispatchOptions {
  readonly clock: Clock;
  /** Calls that may wait per deployment. */
  readonly queueMax: number;
}

/** What a dispatched call brings: whose prefix cache it may share comes with it. */
export interface Dispatched {
  readonly call: Call;
  readonly target: Target;
  readonly cacheSalt: string;
}

/** The queues of all deployments, and the way of a call through its own. */
export class Dispatch {
  readonly #clock: Clock;
  readonly #queueMax: number;
  readonly #queues = new Map<string, DeploymentQueue>();

  constructor({ clock, queueMax }: DispatchOptions) {
    this.#clock = clock;
    this.#queueMax = queueMax;
  }

  /** Takes a newer routes feed. */
  update({ deployments }: RoutesFeed): void {
    const names = new Set(deployments.map(({ name }) => name));
    for (const [name, queue] of this.#queues) {
      if (names.has(name)) continue;
      this.#queues.delete(name);
      queue.close();
    }
    for (const route of deployments) this.#queue(route).update(route);
  }

  /** Calls waiting and running, by deployment name. */
  load(): { readonly name: string; readonly waiting: number; readonly running: number }[] {
    return [...this.#queues].map(([name, queue]) => ({ name, waiting: queue.depth, running: queue.running }));
  }

  /** Sees one call through: its turn, its engine, its answer into the sink. Resolves however it ended; refusals before the turn too. */
  async run(dispatched: Dispatched, work: Work, sink: ReplySink): Promise<Ending> {
    const avoid = new Set<string>();
    for (let attempts = 1; ; attempts++) {
      const end = await this.#attempt(dispatched, work, sink, avoid);
      if (end.status !== 'full') return { ...end, attempts };
      if (attempts >= ATTEMPTS_MAX) return { status: 'failed', attempts, fault: overloaded(dispatched.target.deployment.name) };
      if (dispatched.target.revision.replicas.every(({ id }) => avoid.has(id))) avoid.clear();
      const stays = await this.#clock.after(FULL_PAUSE_MS * attempts, dispatched.call.signal).then(
        () => true,
        () => false,
      );
      if (!stays) return { status: 'cancelled', attempts };
    }
  }

  async #attempt(dispatched: Dispatched, work: Work, sink: ReplySink, avoid: Set<string>): Promise<ForwardEnd> {
    try {
      if (work.kind === 'forward') return await this.#forward(dispatched, work, sink, avoid);
      const end = await this.#tensor(dispatched, work, avoid);
      if (end.status !== 'complete') return end;
      const { headers, chunks } = work.encode(end.reply);
      sink.head(200, headers);
      for (const chunk of chunks) sink.frame(chunk);
      return { status: 'complete' };
    } catch (error) {
      if (error instanceof Fault) return { status: 'failed', fault: error };
      throw error;
    }
  }

  #forward(dispatched: Dispatched, work: ForwardWork, sink: ReplySink, avoid: Set<string>): Promise<ForwardEnd> {
    const { call, cacheSalt } = dispatched;
    return this.#inTurn<ForwardEnd>(dispatched, { rows: 1, batchKey: undefined, avoid }, async (lane, _batch, settle) => {
      settle(await forward(lane, { call, work, cacheSalt }, sink, this.#clock));
    });
  }

  #tensor(dispatched: Dispatched, work: TensorWork, avoid: Set<string>): Promise<TensorEnd> {
    const { revision } = dispatched.target;
    const key = revision.maxBatchSize > 1 ? batchKey(work.request, work.rows) : undefined;
    const { call } = dispatched;
    return this.#inTurn<TensorEnd>(dispatched, { rows: work.rows, batchKey: key, avoid, member: { call, work } }, async (lane, batch) => {
      await runBatch(
        lane,
        batch.flatMap(({ member }) => member ?? []),
        this.#clock,
      );
    });
  }

  /** Queues the call until a lane takes it, its client leaves or its deadline passes; an unstarted call costs no engine anything (S3, S5). */
  #inTurn<End extends ForwardEnd | TensorEnd>(dispatched: Dispatched, how: HowToQueue, start: Start<End>): Promise<End> {
    const { call, target } = dispatched;
    const result = Promise.withResolvers<End>();
    const queue = this.#queues.get(target.deployment.name);
    if (!queue) throw new Fault('unavailable', 'model_unavailable', `"${target.deployment.name}" is not running.`, { retryAfterSeconds: 5 });
    const drop = (end: End) => {
      if (queue.remove(call.id)) result.resolve(end);
    };
    const onAbort = () => drop({ status: 'cancelled' } as End);
    call.signal.addEventListener('abort', onAbort, { once: true });
    const stopTimer = this.#clock.timer(Math.max(0, call.deadline - this.#clock.monotonic()), () => drop({ status: 'failed', fault: deadlineFault() } as End));
    const settle = (end: TensorEnd | ForwardEnd) => result.resolve(end as End);
    const member = how.member && { ...how.member, settle };
    const entry: BatchEntry = {
      id: call.id,
      revision: target.revision.id,
      pinned: target.pinned,
      rows: how.rows,
      batchKey: how.batchKey,
      avoid: how.avoid,
      member,
      refuse: (fault) => settle({ status: 'failed', fault }),
      start: (lane, batch) => {
        const now = this.#clock.monotonic();
        for (const other of batch as readonly BatchEntry[]) other.started(now, lane);
        void start(lane, batch as readonly BatchEntry[], settle)
          .catch((error: unknown) => result.reject(error))
          .finally(() => queue.free(lane));
      },
      started: (now, lane) => {
        call.times.queue = now - call.arrivedAt;
        call.servedBy = lane.revision;
        how.avoid.add(lane.replica.id);
      },
    };
    if (call.signal.aborted) result.resolve({ status: 'cancelled' } as End);
    else this.#add(queue, entry);
    return result.promise.finally(() => {
      stopTimer();
      call.signal.removeEventListener('abort', onAbort);
    });
  }

  /** A queue that takes no more says so as the call's end, so that nothing of it stays behind. */
  #add(queue: DeploymentQueue, entry: Entry): void {
    try {
      queue.add(entry);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      entry.refuse(error);
    }
  }

  #queue(route: DeploymentRoute): DeploymentQueue {
    let queue = this.#queues.get(route.name);
    if (!queue) this.#queues.set(route.name, (queue = new DeploymentQueue(route, this.#queueMax)));
    return queue;
  }
}

interface HowToQueue {
  readonly rows: number;
  readonly batchKey: string | undefined;
  readonly avoid: Set<string>;
  readonly member?: { readonly call: Call; readonly work: TensorWork };
}

interface BatchEntry extends Entry {
  readonly member: { readonly call: Call; readonly work: TensorWork; settle(end: TensorEnd): void } | undefined;
  started(now: number, lane: Lane): void;
}

type Start<End> = (lane: Lane, batch: readonly BatchEntry[], settle: (end: End) => void) => Promise<void>;

function overloaded(name: string): Fault {
  return new Fault('unavailable', 'engine_overloaded', `"${name}" has no free slot; try again shortly.`, { retryAfterSeconds: 1 });
}
