import type { Clock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import type { Db } from '../../db/open.ts';
import { Meter, type StoredBytes } from './meter.ts';
import { DAY_MS, dayOf, hourOf } from './model.ts';
import type { Fleet } from './ports.ts';
import { addMeasured, deleteBefore } from './store.ts';

const SAMPLE_MS = 10_000;
/** Rows are written after so many samples: about each minute. */
const SAMPLES_PER_WRITE = 6;
/** Hours older than this are forgotten. */
export const KEPT_DAYS = 400;

export interface SamplerOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly fleet: Fleet;
  stored(): readonly StoredBytes[];
  ownerOf(deployment: string): string;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

/** Looks at the fleet every ten seconds and keeps what it held and used, by hour. */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #meter: Meter;
  readonly #turns = new Mutex();
  #sampledAt: number | undefined;
  #samples = 0;
  #trimmedOn = '';
  #cancel: () => void = () => undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#meter = new Meter((deployment) => options.ownerOf(deployment));
  }

  /** From now on the server counts as up. */
  start(): void {
    this.#sampledAt = this.#options.clock.monotonic();
    this.#next();
  }

  /** Looks once more and writes everything. */
  async close(): Promise<void> {
    this.#cancel();
    await this.catchUp().catch((error: unknown) => this.#options.problem(error));
    this.#sampledAt = undefined;
  }

  /** Brings the database up to this moment. @throws when it can't be written; the rows are then kept for the next time */
  async catchUp(): Promise<void> {
    this.#sample();
    await this.#turns.run(() => this.#write());
  }

  #next(): void {
    this.#cancel = this.#options.clock.timer(SAMPLE_MS, () => {
      this.#sample();
      this.#samples++;
      if (this.#samples % SAMPLES_PER_WRITE === 0) this.#turns.run(() => this.#write()).catch((error: unknown) => this.#options.problem(error));
      this.#next();
    });
  }

  #sample(): void {
    if (this.#sampledAt === undefined) return;
    const { clock, fleet, stored } = this.#options;
    const now = clock.monotonic();
    this.#meter.take({ at: clock.now(), elapsedSeconds: (now - this.#sampledAt) / 1000, nodes: fleet.nodes(), replicas: fleet.replicas(), stored: stored() });
    this.#sampledAt = now;
  }

  async #write(): Promise<void> {
    const { db, clock } = this.#options;
    const measured = this.#meter.drain();
    try {
      await addMeasured(db, measured);
    } catch (error) {
      const lost = this.#meter.giveBack(measured);
      throw lost === 0 ? error : new Error(`${lost} rows of measured hours had to be dropped, because they could not be written`, { cause: error });
    }
    const day = dayOf(clock.now());
    if (day === this.#trimmedOn) return;
    await deleteBefore(db, hourOf(clock.now() - KEPT_DAYS * DAY_MS));
    this.#trimmedOn = day;
  }
}
