import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import type { Lease, LeaseOrder, LeaseSource } from '../ports.ts';

/** Calls that may wait for credit at once. */
const WAITING_MAX = 10_000;
/** A lease is asked for so many calls' worth; twice as many when the one before was used up within a second. */
const CALLS_MIN = 16;
const CALLS_MAX = 4_096;
const FAST_MS = 1_000;

/** A lease as its gateway spends it. In memory: what is held and settled of it never waits. */
interface OpenLease {
  readonly id: string;
  available: bigint;
  until: number | undefined;
  /** Calls that hold a part of it. */
  holds: number;
  /** Records that name it and are not posted yet. */
  unposted: number;
  lastUsed: number;
}

/** A part of a lease that a call holds. */
export interface Hold {
  readonly lease: string;
  /** Corrects it by what was used, more than was held too: the next hold is the smaller for it. `recorded`: a usage record names the lease. */
  settle(usedAmount: bigint, recorded: boolean): void;
}

interface Waiting {
  readonly amount: bigint;
  readonly cancel: () => void;
  resolve(hold: Hold): void;
  reject(fault: Fault): void;
}

export interface PurseOptions {
  readonly clock: Clock;
  readonly source: LeaseSource;
  readonly of: Pick<LeaseOrder, 'orgId' | 'unit' | 'budgets'>;
  /** A call waits so long for credit, and no longer: the one wait for a database in the request path. */
  readonly waitMs: number;
  /** Told when what is left can't be given back; it is tried again. */
  problem(error: unknown): void;
}

/**
 * The credit that this gateway has leased of one organisation, within the same budgets. It has one lease, which is made larger as it is spent, so that nothing is
 * stranded in the rests of former ones; one that may not be spent any more is left until its records are posted.
 */
export class Purse {
  readonly #options: PurseOptions;
  #lease: OpenLease | undefined;
  readonly #retired = new Map<string, OpenLease>();
  readonly #returning = new Set<Promise<void>>();
  readonly #waiting: Waiting[] = [];
  /** The question that is open. */
  #asking: Promise<void> | undefined;
  #calls = CALLS_MIN;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** The last answer was all that was wanted: there is more where it came from. */
  #isPlenty = false;

  constructor(options: PurseOptions) {
    this.#options = options;
  }

  /** Holds an amount for a call: at once where the lease has it. @throws Fault when the wallet does not, or can't be asked in time */
  hold(amount: bigint): Hold | Promise<Hold> {
    const lease = this.#current();
    if (lease && lease.available >= amount && this.#waiting.length === 0) {
      const hold = this.#take(lease, amount);
      if (this.#isPlenty && !this.#asking && lease.available < amount * BigInt(CALLS_MIN / 2)) this.#ask(amount);
      return hold;
    }
    if (this.#waiting.length >= WAITING_MAX) throw unreachable();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { amount, resolve, reject, cancel: this.#options.clock.timer(this.#options.waitMs, () => this.#giveUp(waiting)) };
      this.#waiting.push(waiting);
      if (!this.#asking) this.#ask(amount);
    });
  }

  /** Records that name this lease have been posted. */
  posted(lease: string, records: number): void {
    const open = this.#lease?.id === lease ? this.#lease : this.#retired.get(lease);
    if (!open) return;
    open.unposted -= records;
    this.#returnRetired();
  }

  /** Gives back what has not been used since `idleSince` (monotonic), and what may not be spent any more. Returns whether nothing is left to keep in mind. */
  sweep(idleSince: number): boolean {
    const lease = this.#current();
    if (lease && lease.holds === 0 && lease.lastUsed <= idleSince && this.#waiting.length === 0 && !this.#asking) this.#retire(lease);
    this.#returnRetired();
    // One that is just being given back is kept in mind until it was: that may fail.
    return this.#lease === undefined && this.#retired.size + this.#returning.size + this.#waiting.length === 0 && !this.#asking;
  }

  /** Gives back all that is not in use, and waits until that has come to an end. */
  async close(): Promise<void> {
    await this.#asking;
    this.sweep(Number.POSITIVE_INFINITY);
    await Promise.all(this.#returning);
  }

  #current(): OpenLease | undefined {
    const lease = this.#lease;
    if (lease?.until !== undefined && this.#options.clock.now() >= lease.until) this.#retire(lease);
    return this.#lease;
  }

  #retire(lease: OpenLease): void {
    this.#retired.set(lease.id, lease);
    this.#lease = undefined;
  }

  #returnRetired(): void {
    for (const [id, lease] of this.#retired) {
      if (lease.holds > 0 || lease.unposted > 0) continue;
      this.#retired.delete(id);
      const returning = this.#options.source.giveBack(id).catch((error: unknown) => {
        this.#retired.set(id, lease);
        this.#options.problem(error);
      });
      this.#returning.add(returning);
      void returning.then(() => this.#returning.delete(returning));
    }
  }

  #take(lease: OpenLease, amount: bigint): Hold {
    lease.available -= amount;
    lease.holds++;
    lease.lastUsed = this.#options.clock.monotonic();
    return {
      lease: lease.id,
      settle: (usedAmount, recorded) => {
        lease.available += amount - usedAmount;
        lease.holds--;
        if (recorded) lease.unposted++;
        this.#serve();
        if (this.#retired.has(lease.id)) this.#returnRetired();
      },
    };
  }

  /** Lets those through that the lease has room for, in the order in which they came. */
  #serve(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const lease = this.#current();
      if (!lease || lease.available < first.amount) return;
      this.#waiting.shift();
      first.cancel();
      first.resolve(this.#take(lease, first.amount));
    }
  }

  /** Asks for as much as is missing for the next call at least. One question at a time. */
  #ask(amount: bigint): void {
    this.#asking = this.#askUntilServed(amount).finally(() => {
      this.#asking = undefined;
      const [next] = this.#waiting;
      if (next) this.#ask(next.amount);
    });
  }

  async #askUntilServed(amount: bigint): Promise<void> {
    const { clock, source, of } = this.#options;
    const now = clock.monotonic();
    this.#calls = now - this.#askedAt < FAST_MS ? Math.min(this.#calls * 2, CALLS_MAX) : Math.max(this.#calls / 2, CALLS_MIN);
    this.#askedAt = now;
    const open = this.#current();
    const has = open?.available ?? 0n;
    const leastAmount = amount > has ? amount - has : amount;
    const waiting = this.#waiting.reduce((sum, one) => sum + one.amount, 0n) - has;
    const neededAmount = larger(leastAmount, waiting);
    const wantedAmount = larger(neededAmount, amount * BigInt(this.#calls));
    try {
      const lease = await source.lease({ ...of, ...(open && { lease: open.id }), leastAmount, neededAmount, wantedAmount });
      this.#isPlenty = lease.amount >= wantedAmount;
      this.#add(lease);
      this.#serve();
    } catch (error) {
      this.#isPlenty = false;
      this.#refuse(amount, error);
    }
  }

  #add({ id, amount, until }: Lease): void {
    const known = this.#lease?.id === id ? this.#lease : this.#retired.get(id);
    if (known) {
      known.available += amount;
      return;
    }
    // The one that was to hold more is of a period that has ended, or was taken back: it is given back, not forgotten.
    if (this.#lease) this.#retire(this.#lease);
    this.#lease = { id, available: amount, until, holds: 0, unposted: 0, lastUsed: this.#options.clock.monotonic() };
  }

  /** What one call can't have, nobody who wants as much can. */
  #refuse(amount: bigint, error: unknown): void {
    const fault = error instanceof Fault && error.kind === 'payment_required' ? error : unreachable(error);
    if (fault !== error) this.#options.problem(error);
    for (const waiting of this.#waiting.filter((one) => one.amount >= amount)) this.#giveUp(waiting, fault);
  }

  #giveUp(waiting: Waiting, fault = unreachable()): void {
    const at = this.#waiting.indexOf(waiting);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    waiting.cancel();
    waiting.reject(fault);
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function unreachable(cause?: unknown): Fault {
  return new Fault('unavailable', 'credit_unavailable', "The organisation's credit can not be asked for at the moment; nothing was charged. Try again shortly.", {
    retryAfterSeconds: 1,
    cause,
  });
}
