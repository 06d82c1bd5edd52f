import type { Clock } from '../../base/clock.ts';
import type { Ledger } from '../ledger/index.ts';
import type { GatewayRun, Leasing } from './leasing.ts';
import type { Billing } from './service.ts';

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, 'expire'>;
  readonly billing: Pick<Billing, 'settleOpen' | 'forgetOpen'>;
  readonly leasing: Pick<Leasing, 'closeFormer' | 'closeLost' | 'seen'>;
  problem(error: unknown): void;
}

const EVERY_MS = 60_000;
/** Below what counts as alive, so that one miss is none. */
const SEEN_EVERY_MS = 20_000;
/** What former runs hold is missed by everybody: their leases are not left for a round when the database is away just then. */
const CLOSE_RETRY_MS = 1_000;
/** So often all calls are looked through for what other processes have left open. */
const FORGET_EVERY = 24 * 60;

/** What is done about money from time to time: expired grants, open items, signs of life, and leases of earlier runs once their usage is posted. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #run: GatewayRun | undefined;
  #isKnown: (lease: string) => boolean = () => true;
  #hasReplayed = false;
  #isFormerClosed = false;
  #rounds = 0;
  /** What waits or runs: once is enough. */
  readonly #queued = new Set<string>();
  #working: Promise<void> = Promise.resolve();
  #cancels: (() => void)[] = [];
  #isClosed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** Begins, for the gateway of this process; undefined: it has none. `isKnown`: whether the gateway has a lease in mind. */
  start(run: GatewayRun | undefined, isKnown: (lease: string) => boolean = () => true): void {
    this.#run = run;
    this.#isKnown = isKnown;
    this.#isFormerClosed = run === undefined;
    this.#again();
    if (run) this.#seenAgain(run);
  }

  /** All usage that earlier runs of this gateway had left is posted: so nothing more will be charged to their leases. */
  replayed(): void {
    this.#hasReplayed = true;
    this.#queue('close', () => this.#closeSoon());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    await this.#working;
    await this.#closeFormer().catch((error: unknown) => this.#options.problem(error));
  }

  #again(): void {
    this.#queue('round', () => this.#round());
    if (!this.#isClosed) this.#cancels[0] = this.#options.clock.timer(EVERY_MS, () => this.#again());
  }

  #seenAgain(run: GatewayRun): void {
    this.#cancels[1] = this.#options.clock.timer(SEEN_EVERY_MS, () => {
      this.#queue('seen', async () => void (await this.#options.leasing.seen(run)));
      if (!this.#isClosed) this.#seenAgain(run);
    });
  }

  /** One after the other; what fails is done again in its next turn. */
  #queue(name: string, work: () => Promise<void>): void {
    if (this.#queued.has(name)) return;
    this.#queued.add(name);
    this.#working = this.#working
      .then(work)
      .catch((error: unknown) => this.#options.problem(error))
      .finally(() => this.#queued.delete(name));
  }

  async #round(): Promise<void> {
    const { ledger, billing, leasing } = this.#options;
    if (this.#rounds++ % FORGET_EVERY === 0) billing.forgetOpen();
    await this.#closeFormer();
    if (this.#run) await leasing.closeLost(this.#run, this.#isKnown);
    await ledger.expire();
    await billing.settleOpen();
  }

  async #closeSoon(): Promise<void> {
    try {
      await this.#closeFormer();
    } catch (error) {
      if (!this.#isClosed) this.#cancels[2] = this.#options.clock.timer(CLOSE_RETRY_MS, () => this.#queue('close', () => this.#closeSoon()));
      throw error;
    }
  }

  async #closeFormer(): Promise<void> {
    if (!this.#run || !this.#hasReplayed || this.#isFormerClosed) return;
    await this.#options.leasing.closeFormer(this.#run);
    this.#isFormerClosed = true;
  }
}
