/** Who calls, and how urgently. */
export interface Member {
  readonly tenant: string;
  /** Served when nobody else waits. */
  readonly isBackground: boolean;
}

/** What one tenant has had of a deployment, and what of it waits. */
class Account<Entry> {
  readonly isBackground: boolean;
  readonly waiting = new Set<Entry>();
  running = 0;
  /** Service received, milliseconds of a slot, on the line's own scale: who joins starts where the others are. */
  service = 0;

  constructor(isBackground: boolean) {
    this.isBackground = isBackground;
  }
}

/** Tenants that are not there any more are forgotten beyond so many. */
const ACCOUNTS_MAX = 1_024;
/** Weight of the newest call in the mean. */
const MEAN_WEIGHT = 0.1;

/**
 * The calls that wait for one deployment, in the order in which they should be served: of the tenant that has had least, the oldest
 * first. Service is the time that calls hold a slot: charged by the mean when a call begins, corrected when it ends. A tenant that was
 * away is not owed for that time. Source: start-time fair queueing (Goyal), the virtual token counter (Sheng) with time in place of tokens.
 */
export class FairLine<Entry extends Member> {
  readonly #accounts = new Map<string, Account<Entry>>();
  /** How far the tenant was that was served last. */
  #virtual = 0;
  #meanMs = 0;
  size = 0;

  /** Takes a call in that has to wait. */
  add(entry: Entry): void {
    const account = this.#join(entry);
    account.waiting.add(entry);
    this.size++;
  }

  /** Takes a call out that has not begun. */
  delete(entry: Entry): void {
    if (this.#accounts.get(keyOf(entry))?.waiting.delete(entry)) this.size--;
  }

  /** A call begins, from the line or past it. Returns what it is charged, to be told when it ends. */
  begin(entry: Entry): number {
    const account = this.#join(entry);
    if (account.waiting.delete(entry)) this.size--;
    account.running++;
    this.#virtual = Math.max(this.#virtual, account.service);
    account.service += this.#meanMs;
    return this.#meanMs;
  }

  /** A call has ended that held a slot, or its share of one, for `ms`. */
  end(entry: Entry, ms: number, charged: number): void {
    this.#meanMs = this.#meanMs === 0 ? ms : this.#meanMs + MEAN_WEIGHT * (ms - this.#meanMs);
    const account = this.#accounts.get(keyOf(entry));
    if (!account) return;
    account.running--;
    account.service += ms - charged;
    if (this.#accounts.size > ACCOUNTS_MAX) this.#forget();
  }

  /** In the order of service. */
  [Symbol.iterator](): Iterator<Entry> {
    const waiting = [...this.#accounts.values()].filter((account) => account.waiting.size > 0);
    if (waiting.length === 1) return waiting[0]!.waiting.values();
    return chained(waiting.toSorted((a, b) => Number(a.isBackground) - Number(b.isBackground) || a.service - b.service));
  }

  clear(): void {
    this.#accounts.clear();
    this.size = 0;
  }

  #join(entry: Entry): Account<Entry> {
    const key = keyOf(entry);
    let account = this.#accounts.get(key);
    if (!account) this.#accounts.set(key, (account = new Account(entry.isBackground)));
    if (account.waiting.size === 0) account.service = Math.max(account.service, this.#virtual);
    return account;
  }

  #forget(): void {
    for (const [key, { waiting, running }] of this.#accounts) if (waiting.size === 0 && running === 0) this.#accounts.delete(key);
  }
}

function keyOf({ tenant, isBackground }: Member): string {
  return isBackground ? `background ${tenant}` : tenant;
}

function* chained<Entry>(accounts: readonly Account<Entry>[]): Generator<Entry> {
  for (const { waiting } of accounts) yield* waiting;
}
