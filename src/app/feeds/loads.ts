import type { Clock } from '../../base/clock.ts';
import type { RevisionLoad } from '../../data-plane/dispatch/queue.ts';
import { readGatewayLoads, writeGatewayLoad } from '../../db/feeds.ts';
import type { Db } from '../../db/open.ts';
import type { LoadReport } from '../../scheduler/rolling-load.ts';

const REPORT_MS = 500;
/** A gateway that has not been heard of for so long counts as having nothing. */
const FRESH_MS = 3_000;

/** A revision's load as it crosses processes: ages in place of times, because each process has a clock of its own. */
interface WrittenLoad {
  readonly revision: string;
  readonly waiting: number;
  readonly running: number;
  readonly waitingMs?: number;
  readonly idleMs?: number;
}

export interface LoadReporterParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly gateway: string;
  load(): readonly RevisionLoad[];
  problem(error: unknown): void;
}

/** Tells who leads what a gateway in another process has waiting and running; at once when a call waits for a model that is not loaded. */
export class LoadReporter {
  readonly #parts: LoadReporterParts;
  #cancel: () => void = () => undefined;
  #reporting = false;
  #wasIdle = true;

  constructor(parts: LoadReporterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancel = this.#parts.clock.timer(REPORT_MS, () => {
      this.report();
      this.start();
    });
  }

  close(): void {
    this.#cancel();
  }

  report(): void {
    const { db, clock, gateway, load, problem } = this.#parts;
    const now = clock.monotonic();
    const busy = load().filter(({ waiting, running, lastCallAt }) => waiting + running > 0 || (lastCallAt !== undefined && now - lastCallAt < FRESH_MS));
    if (this.#reporting || (busy.length === 0 && this.#wasIdle)) return;
    this.#wasIdle = busy.length === 0;
    this.#reporting = true;
    writeGatewayLoad(db, { gateway, at: clock.now(), body: JSON.stringify(busy.map((of) => written(of, now))) })
      .catch(problem)
      .finally(() => {
        this.#reporting = false;
      });
  }
}

function written({ revision, waiting, running, waitingSince, lastCallAt }: LoadReport, now: number): WrittenLoad {
  return { revision, waiting, running, ...(waitingSince !== undefined && { waitingMs: now - waitingSince }), ...(lastCallAt !== undefined && { idleMs: now - lastCallAt }) };
}

export interface RemoteLoadsParts {
  readonly db: Db;
  readonly clock: Clock;
  /** A call somewhere waits for a model that may not be loaded. */
  wake(): void;
  problem(error: unknown): void;
}

/** What other gateways have told of their load. */
export class RemoteLoads {
  readonly #parts: RemoteLoadsParts;
  #loads: readonly LoadReport[] = [];
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(parts: RemoteLoadsParts) {
    this.#parts = parts;
  }

  start(): void {
    if (!this.#closed) this.#cancel = this.#parts.clock.timer(REPORT_MS, () => void this.#look().finally(() => this.start()));
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** This gateway's own loads, and those of all others, together. */
  with(own: readonly LoadReport[]): LoadReport[] {
    if (this.#loads.length === 0) return [...own];
    return [...Map.groupBy([...own, ...this.#loads], ({ revision }) => revision)].map(([, of]) => of.reduce(together));
  }

  async #look(): Promise<void> {
    const { db, clock, wake, problem } = this.#parts;
    try {
      const now = clock.monotonic();
      const rows = await readGatewayLoads(db, clock.now() - FRESH_MS);
      this.#loads = rows.flatMap(({ body }) => (JSON.parse(body) as WrittenLoad[]).map((of) => asReport(of, now)));
      if (this.#loads.some(({ waiting }) => waiting > 0)) wake();
    } catch (error) {
      problem(error);
    }
  }
}

function asReport({ revision, waiting, running, waitingMs, idleMs }: WrittenLoad, now: number): LoadReport {
  return { revision, waiting, running, waitingSince: waitingMs === undefined ? undefined : now - waitingMs, lastCallAt: idleMs === undefined ? undefined : now - idleMs };
}

function together(a: LoadReport, b: LoadReport): LoadReport {
  const since = [a.waitingSince, b.waitingSince].filter((at) => at !== undefined);
  const last = [a.lastCallAt, b.lastCallAt].filter((at) => at !== undefined);
  return {
    revision: a.revision,
    waiting: a.waiting + b.waiting,
    running: a.running + b.running,
    waitingSince: since.length > 0 ? Math.min(...since) : undefined,
    lastCallAt: last.length > 0 ? Math.max(...last) : undefined,
  };
}
