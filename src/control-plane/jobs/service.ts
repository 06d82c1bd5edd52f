import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { Mutex } from '../../base/mutex.ts';
import { type Fault, toFault } from '../../contract/errors.ts';
import type { Scope } from '../../contract/feeds.ts';
import type { Db } from '../../db/open.ts';
import { cancelled, closing, jobNotFound, notRunning, tooManyJobs } from './errors.ts';
import { INTERRUPTED, type Job, type JobOrder } from './model.ts';
import { failRunning, insertJob, listJobs, updateJob } from './store.ts';

export const RUNNING_MAX = 4;
const LISTED_MAX = 200;
const PROGRESS_CHARS_MAX = 500;
/** Progress is written down this often at most; who asks sees the newest in any case. */
const PROGRESS_EVERY_MS = 2_000;

export type Report = (progress: string) => void;
/** Does the job. What it returns is plain JSON; it ends soon after the signal is aborted. */
export type Work = (report: Report, signal: AbortSignal) => Promise<unknown>;

/** Work that goes on where it was: what it has done it keeps itself, and a job that a stop cut short is carried out again after the next start. */
export type ResumableWork = (job: Job, report: Report, signal: AbortSignal) => Promise<unknown>;

export interface JobsOptions {
  readonly db: Db;
  readonly clock: Clock;
  /** Told of every job that failed. */
  failed?(kind: string, fault: Fault): void;
}

/** Who asks: a `CallerEntry` is one. */
interface Asker {
  readonly orgId: string;
  readonly scopes: readonly Scope[];
}

interface RunningJob {
  readonly stop: AbortController;
  progress: string;
  writtenAt: number;
  ended: Promise<void>;
}

/** Long work that outlives the call that started it. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #running = new Map<string, RunningJob>();
  readonly #writes = new Mutex();
  readonly #resumable = new Map<string, ResumableWork>();
  #closing = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  /** From now on jobs of this kind are started by `start`, and go on after a restart. */
  resumable(kind: string, work: ResumableWork): void {
    this.#resumable.set(kind, work);
  }

  /** For the start: what a former process left running is failed, unless it can go on. */
  recover(): Promise<void> {
    return failRunning(this.#options.db, { error: INTERRUPTED, except: [...this.#resumable.keys()], now: this.#options.clock.now() });
  }

  /** Once calls are served: goes on with what a former process left. */
  async resume(): Promise<void> {
    for (const job of await listJobs(this.#options.db, { state: 'running' }, LISTED_MAX)) {
      const work = this.#resumable.get(job.kind);
      if (!work || this.#running.has(job.id)) continue;
      const running = this.#admit(job);
      running.ended = this.#carryOut(job, running, (report, signal) => work(job, report, signal));
    }
  }

  /** Starts work of a resumable kind. @throws Fault as `run` */
  start(order: JobOrder): Promise<Job> {
    const work = this.#resumable.get(order.kind);
    if (!work) throw new Error(`jobs of the kind "${order.kind}" are not resumable`);
    return this.#begin(order, work);
  }

  /** Starts the work and returns at once. @throws Fault `too_many_jobs`, `shutting_down` */
  run(order: JobOrder, work: Work): Promise<Job> {
    return this.#begin(order, (_job, report, signal) => work(report, signal));
  }

  async #begin(order: JobOrder, work: ResumableWork): Promise<Job> {
    if (this.#closing) throw closing();
    if (this.#running.size >= RUNNING_MAX) throw tooManyJobs(RUNNING_MAX);
    const { db, clock } = this.#options;
    const now = clock.now();
    const job: Job = { ...order, id: newId('job', now), state: 'running', progress: 'starting', result: null, error: undefined, createdAt: now, updatedAt: now };
    const running = this.#admit(job);
    try {
      await insertJob(db, job);
    } catch (error) {
      this.#running.delete(job.id);
      throw error;
    }
    running.ended = this.#carryOut(job, running, (report, signal) => work(job, report, signal));
    return job;
  }

  #admit({ id, progress }: Job): RunningJob {
    const running: RunningJob = { stop: new AbortController(), progress, writtenAt: this.#options.clock.monotonic(), ended: Promise.resolve() };
    this.#running.set(id, running);
    return running;
  }

  async get(asker: Asker, id: string): Promise<Job> {
    const [job] = await listJobs(this.#options.db, { id }, 1);
    if (!job || (job.orgId !== asker.orgId && !asker.scopes.includes('operator'))) throw jobNotFound(id);
    return this.#withProgress(job);
  }

  /** The organisation's newest jobs first. */
  async list(orgId: string): Promise<Job[]> {
    return (await listJobs(this.#options.db, { orgId }, LISTED_MAX)).map((job) => this.#withProgress(job));
  }

  /** Ends a job; resolves when it has ended. @throws Fault when it does not run here */
  async cancel(asker: Asker, id: string): Promise<Job> {
    await this.get(asker, id);
    const running = this.#running.get(id);
    if (!running) throw notRunning(id);
    running.stop.abort(cancelled());
    await running.ended;
    return this.get(asker, id);
  }

  /** Stops what runs, and waits for it. */
  async close(): Promise<void> {
    this.#closing = true;
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort(closing());
    await Promise.all(running.map(({ ended }) => ended));
  }

  async #carryOut(job: Job, running: RunningJob, work: Work): Promise<void> {
    const { db, clock, failed } = this.#options;
    try {
      const result = (await work((progress) => this.#report(job.id, running, progress), running.stop.signal)) ?? null;
      await this.#writes.run(() => updateJob(db, job.id, { state: 'done', progress: 'done', result, now: clock.now() }));
    } catch (error) {
      const fault = toFault(error);
      const stopped = running.stop.signal.aborted ? toFault(running.stop.signal.reason) : undefined;
      const isCancelled = stopped?.kind === 'cancelled';
      // Left as `running`: the next start goes on with it.
      if (stopped && !isCancelled && this.#resumable.has(job.kind)) return;
      const { code, message } = isCancelled ? stopped : stopped ? INTERRUPTED : fault;
      failed?.(job.kind, fault);
      await this.#writes
        .run(() => updateJob(db, job.id, { state: 'failed', progress: running.progress, error: { code, message }, now: clock.now() }))
        .catch((unwritten: unknown) => failed?.(job.kind, toFault(unwritten)));
    } finally {
      this.#running.delete(job.id);
    }
  }

  #report(id: string, running: RunningJob, progress: string): void {
    const { db, clock, failed } = this.#options;
    running.progress = progress.slice(0, PROGRESS_CHARS_MAX);
    if (clock.monotonic() - running.writtenAt < PROGRESS_EVERY_MS) return;
    running.writtenAt = clock.monotonic();
    this.#writes.run(() => updateJob(db, id, { progress: running.progress, now: clock.now() })).catch((error: unknown) => failed?.('progress', toFault(error)));
  }

  #withProgress(job: Job): Job {
    const running = this.#running.get(job.id);
    return running && job.state === 'running' ? { ...job, progress: running.progress } : job;
  }
}
