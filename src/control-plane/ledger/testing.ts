import { splitOf, type Split } from './model.ts';

/** The ledger as anybody would write it who need not keep it: one organisation's credit in plain variables. What the real one is held against. */
export class PlainLedger {
  readonly grants = new Map<string, { readonly priority: number; readonly expiresAt: number; left: bigint }>();
  readonly leases = new Map<string, { readonly held: Map<string, bigint>; isOpen: boolean }>();
  readonly charged = new Map<string, bigint>();
  readonly refunded = new Map<string, bigint>();
  publisher = 0n;
  platform = 0n;
  owed = 0n;
  breakage = 0n;

  /** Grants that may be spent, in the order in which they are. */
  #order(): [string, { readonly priority: number; readonly expiresAt: number; left: bigint }][] {
    return [...this.grants].toSorted(([a, x], [b, y]) => x.priority - y.priority || x.expiresAt - y.expiresAt || (a < b ? -1 : 1));
  }

  credit(id: string, { amount, priority, expiresAt }: { readonly amount: bigint; readonly priority: number; readonly expiresAt: number }, now: number): void {
    if (this.grants.has(id)) return;
    this.grants.set(id, { priority, expiresAt, left: amount });
    this.#collect(now);
  }

  /** Credit that has come pays first what is owed. */
  #collect(now: number): void {
    for (const [, state] of this.#order()) {
      if (state.expiresAt <= now) continue;
      const part = state.left < this.owed ? state.left : this.owed;
      state.left -= part;
      this.owed -= part;
    }
  }

  /** Returns what was leased; 0: nothing is there. */
  lease(id: string, wanted: bigint, now: number): bigint {
    const held = new Map<string, bigint>();
    let left = wanted;
    for (const [grant, state] of this.#order()) {
      if (state.expiresAt <= now) continue;
      const part = state.left < left ? state.left : left;
      if (part > 0n) held.set(grant, part);
      state.left -= part;
      left -= part;
    }
    if (left < wanted) this.leases.set(id, { held, isOpen: true });
    return wanted - left;
  }

  settle({
    id,
    lease,
    amount,
    basisPoints,
    now,
  }: {
    readonly id: string;
    readonly lease: string;
    readonly amount: bigint;
    readonly basisPoints: number;
    readonly now: number;
  }): void {
    if (this.charged.has(id)) return;
    this.charged.set(id, amount);
    let left = amount;
    const held = this.leases.get(lease)?.held;
    for (const [grant] of this.#order()) {
      const has = held?.get(grant) ?? 0n;
      const part = has < left ? has : left;
      held?.set(grant, has - part);
      left -= part;
    }
    for (const [, state] of this.#order()) {
      if (state.expiresAt <= now) continue;
      const part = state.left < left ? state.left : left;
      state.left -= part;
      left -= part;
    }
    this.owed += left;
    const { publisherMicros, platformMicros } = splitOf(amount, 'p', basisPoints);
    this.publisher += publisherMicros;
    this.platform += platformMicros;
  }

  close(id: string, now: number): void {
    const lease = this.leases.get(id);
    if (!lease?.isOpen) return;
    lease.isOpen = false;
    for (const [grant, part] of lease.held) {
      const state = this.grants.get(grant);
      if (state && state.expiresAt > now) state.left += part;
      else this.breakage += part;
      lease.held.set(grant, 0n);
    }
    this.#collect(now);
  }

  expire(now: number): void {
    for (const state of this.grants.values()) {
      if (state.expiresAt > now) continue;
      this.breakage += state.left;
      state.left = 0n;
    }
  }

  /** Returns whether it was accepted. */
  refund(id: string, of: string, split: Split, now: number): boolean {
    const amount = split.publisherMicros + split.platformMicros;
    const before = this.refunded.get(of) ?? 0n;
    if (!this.charged.has(of) || amount <= 0n || before + amount > (this.charged.get(of) ?? 0n) || split.publisherMicros > this.publisher) return false;
    this.refunded.set(of, before + amount);
    this.publisher -= split.publisherMicros;
    this.platform -= split.platformMicros;
    this.grants.set(id, { priority: 0, expiresAt: Number.MAX_SAFE_INTEGER, left: amount });
    this.#collect(now);
    return true;
  }
}
