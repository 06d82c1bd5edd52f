import type { Clock } from '../../base/clock.ts';
import type { Deadlines, Timed } from '../../base/deadlines.ts';
import { ENGINE_HEADER, type EngineUsage } from '../../contract/engine-wire.ts';
import { Fault } from '../../contract/errors.ts';
import type { Call, Target } from '../call.ts';
import type { Lane } from './lane.ts';
import type { DeploymentQueue, Entry } from './queue.ts';

/** Times that one call is offered to engines, when those before were full. */
export const ATTEMPTS_MAX = 3;

export function deadlineFault(): Fault {
  return new Fault('deadline_exceeded', 'deadline_exceeded', 'The call did not finish before its deadline (x-request-timeout).');
}

export function crashFault(cause: unknown): Fault {
  return new Fault('bad_upstream', 'engine_crashed', 'The engine that was serving this call ended. It is being restarted; try again.', { retryAfterSeconds: 1, cause });
}

/** Headers for an engine, as name, value, name, value: who is calling is not among them. */
export function engineHeaders(requestId: string, msLeft: number, cacheSalt: string): string[] {
  const deadlineMs = String(Math.max(1, Math.floor(msLeft)));
  return [ENGINE_HEADER.requestId, requestId, ENGINE_HEADER.cacheSalt, cacheSalt, ENGINE_HEADER.deadlineMs, deadlineMs];
}

/** What every job is made with. */
export interface JobParts {
  readonly call: Call;
  readonly target: Target;
  /** Who calls. */
  readonly tenant: string;
  readonly attempt: number;
  /** Sent beside another attempt at the same call, which is slow. */
  readonly isHedge?: boolean;
  readonly queue: DeploymentQueue;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly avoid: ReadonlySet<string>;
  /** Its engine was lost with it before. */
  readonly isAlone?: boolean;
}

/** How one attempt ended. `full`: the engine took no call; another may. */
export type JobEnd =
  | { readonly status: 'complete' }
  | { readonly status: 'full' }
  /** With what it had cost the engine, where that says so and no byte of the answer came. */
  | { readonly status: 'cancelled'; readonly usage?: EngineUsage }
  /** `retry`: its engine was lost before anything of the answer came; another may do better. */
  | { readonly status: 'failed'; readonly fault: Fault; readonly retry?: boolean };

/**
 * One attempt at one call: waits in its deployment's queue, runs on a lane, ends once. It holds the call meanwhile: it is told when
 * the client leaves or the deadline passes. A job that has not started yet ends at once then, and costs no engine anything (S3, S5).
 */
export abstract class Job implements Entry, Timed {
  readonly call: Call;
  readonly pinned: boolean;
  readonly avoid: ReadonlySet<string>;
  readonly isAlone: boolean;
  readonly tenant: string;
  readonly isBackground: boolean;
  readonly attempt: number;
  charged = 0;
  abstract readonly rows: number;
  abstract readonly batchKey: string | undefined;
  revision: string;
  place = -1;
  /** Where it runs; undefined while it waits. */
  lane: Lane | undefined;
  /** Monotonic milliseconds. */
  protected begunAt = 0;
  #metAtBegin = 0;
  #beganAlone = false;
  protected readonly queue: DeploymentQueue;
  protected readonly clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #isHedge: boolean;
  #resolve: ((end: JobEnd) => void) | undefined;

  constructor({ call, target, tenant, attempt, isHedge = false, isAlone = false, queue, deadlines, clock, avoid }: JobParts) {
    this.#isHedge = isHedge;
    this.call = call;
    this.pinned = target.pinned;
    this.tenant = tenant;
    this.attempt = attempt;
    this.isBackground = call.isBackground;
    this.revision = target.revision.id;
    this.avoid = avoid;
    this.isAlone = isAlone;
    this.queue = queue;
    this.clock = clock;
    this.#deadlines = deadlines;
  }

  get arrivedAt(): number {
    return this.call.arrivedAt;
  }

  get deadline(): number {
    return this.call.deadline;
  }

  run(): Promise<JobEnd> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.call.presence.left) return this.settle({ status: 'cancelled' });
      this.call.presence.holder = this;
      this.#deadlines.add(this);
      this.queue.add(this);
    });
  }

  abstract start(lane: Lane, batch: readonly Entry[]): void;

  refuse(fault: Fault): void {
    this.settle({ status: 'failed', fault });
  }

  leave(): void {
    if (this.lane) return this.stopRunning('client');
    this.queue.remove(this);
    this.settle({ status: 'cancelled' });
  }

  expire(): void {
    if (this.lane) return this.stopRunning('deadline');
    this.queue.remove(this);
    this.settle({ status: 'failed', fault: deadlineFault() });
  }

  /** Nobody waits any more for what a lane computes. */
  protected abstract stopRunning(why: 'client' | 'deadline'): void;

  /** The job's turn has come. */
  protected begin(lane: Lane): void {
    this.lane = lane;
    this.begunAt = this.clock.monotonic();
    this.#metAtBegin = lane.meetings;
    this.#beganAlone = lane.busy === 1;
    if (!this.#isHedge) this.call.times.queue = this.begunAt - this.call.arrivedAt;
    this.call.servedBy = lane.revision;
  }

  /** Whether nothing else of this gateway ran in its engine while it did. */
  get ranAlone(): boolean {
    return this.#beganAlone && this.lane?.meetings === this.#metAtBegin;
  }

  /** Ends the job; only the first end counts. */
  protected settle(end: JobEnd): void {
    const resolve = this.#resolve;
    if (!resolve) return;
    this.#resolve = undefined;
    if (this.call.presence.holder === this) this.call.presence.holder = undefined;
    this.#deadlines.delete(this);
    resolve(end);
  }

  protected get settled(): boolean {
    return this.#resolve === undefined;
  }
}
