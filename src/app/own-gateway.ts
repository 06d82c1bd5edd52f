import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { UsageRecord } from '../contract/usage.ts';
import type { Billing, GatewayRun, Leasing, Upkeep } from '../control-plane/billing/index.ts';
import type { Replays } from '../control-plane/replays/index.ts';
import type { Lease, LeaseOrder, LeaseSource } from '../data-plane/ports.ts';
import type { RecordBatch } from '../usage-log/record.ts';

const RETRY_MS = 1_000;

export interface OwnGatewayParts {
  readonly clock: Clock;
  readonly name: string;
  readonly billing: Pick<Billing, 'post'>;
  readonly leasing: Leasing;
  readonly upkeep: Upkeep;
  readonly replays: Pick<Replays, 'start' | 'recover' | 'close'>;
  problem(error: unknown): void;
}

/** The name of a server's own gateway: another for each home, also where several share a database, and the same at each start. */
export function mainGatewayName(signingKey: Buffer): string {
  return `main-${createHash('sha256').update('gateway').update(signingKey).digest('hex').slice(0, 8)}`;
}

/** This process's gateway as the book knows it: which run of it this is, what it leases, and what it posts. */
export class OwnGateway implements LeaseSource {
  readonly #parts: OwnGatewayParts;
  #registering: Promise<GatewayRun> | undefined;
  #isClosed = false;

  constructor(parts: OwnGatewayParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Waits for the database, if it has to; then what earlier runs have left is decided once all that they recorded is posted. */
  async start(replayed: Promise<void>, credit: { knows(lease: string): boolean }): Promise<void> {
    const { clock, upkeep, replays, problem } = this.#parts;
    let run: GatewayRun | undefined;
    while (!run && !this.#isClosed) {
      run = await this.#run().catch((error: unknown) => {
        problem(error);
        return undefined;
      });
      if (!run) await clock.after(RETRY_MS);
    }
    if (this.#isClosed) return;
    upkeep.start(run, (lease) => credit.knows(lease));
    replays.start();
    void replayed.then(() => {
      upkeep.replayed();
      return replays.recover();
    });
  }

  async lease(order: LeaseOrder): Promise<Lease> {
    return this.#parts.leasing.lease(await this.#run(), order);
  }

  giveBack(lease: string): Promise<void> {
    return this.#parts.leasing.giveBack(lease);
  }

  /** Posts a batch of the usage log, and tells whose leases it counts on. */
  async post(batch: RecordBatch, told: { posted(records: readonly UsageRecord[]): void }): Promise<void> {
    await this.#parts.billing.post(batch);
    told.posted(batch.priced);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#parts.upkeep.close();
    await this.#parts.replays.close();
  }

  /** Registered once; after a failure the next who asks tries again. */
  #run(): Promise<GatewayRun> {
    this.#registering ??= this.#parts.leasing.registerGateway(this.#parts.name).catch((error: unknown) => {
      this.#registering = undefined;
      throw error;
    });
    return this.#registering;
  }
}
