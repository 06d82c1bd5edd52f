import type { Clock } from '../../base/clock.ts';
import { type Db, type Tx, transact } from '../../db/open.ts';
import { payable, receivable } from './accounts.ts';
import { append, type BookReport, check, checkIn, post, rebuild } from './book.ts';
import { insufficientQuota, leaseNotFound, refundTooLarge, transactionNotFound } from './errors.ts';
import { collect, expire, giveCredit, openLease, payOut, refund, returnLease, type Split, topUp } from './model.ts';
import { amountOf, type ChargeOrder, draw, isExpired, Settling, total } from './settling.ts';
export type { ChargeOrder } from './settling.ts';
import * as store from './store.ts';

export interface GrantOrder {
  readonly id: string;
  readonly orgId: string;
  readonly amountMicros: bigint;
  /** The smallest is spent first. */
  readonly priority: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
  readonly note: string;
  /** Whether money was paid for it; otherwise it is given away. */
  readonly isPaid: boolean;
}

export interface LeaseOrder {
  readonly id: string;
  readonly orgId: string;
  readonly gateway: string;
  readonly epoch: number;
  readonly wantedMicros: bigint;
}

export interface Lease {
  readonly id: string;
  readonly amountMicros: bigint;
}

/** `of` is the charge of which a part is given back. */
export interface RefundOrder {
  readonly id: string;
  readonly of: string;
  readonly split: Split;
  /** For the statement. */
  readonly note?: string;
}

export type WalletGrant = store.HeldGrant;

/** Grants that one transaction takes back. */
const SWEPT_AT_ONCE = 1_000;

/** The book, and the credit of organisations. Each change is one transaction; the forms that end in `In` are a part of their caller's. */
export class Ledger {
  readonly #db: Db;
  readonly #clock: Clock;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Credits an organisation; the same id credits once. */
  credit(order: GrantOrder): Promise<void> {
    return transact(this.#db, (tx) => this.creditIn(tx, order));
  }

  async creditIn(tx: Tx, order: GrantOrder): Promise<void> {
    const { id, orgId, amountMicros, isPaid } = order;
    const part = { grant: id, amountMicros };
    // First, as everywhere: who waits for the head holds nothing that others wait for.
    await store.lockHead(tx);
    await store.insertGrant(tx, { ...order, createdAt: this.#clock.now() });
    const postings = isPaid ? topUp(orgId, part) : giveCredit(orgId, part);
    const fresh = await post(tx, [{ id: `credit_${id}`, kind: isPaid ? 'top_up' : 'give_credit', orgId, reference: id, postings }], this.#clock.now());
    if (fresh.size > 0) await this.#collect(tx, orgId, id);
  }

  /** What an organisation may spend now, in the order in which it is spent (M34). */
  wallet(orgId: string): Promise<WalletGrant[]> {
    return this.walletIn(this.#db, orgId);
  }

  walletIn(on: Db | Tx, orgId: string): Promise<WalletGrant[]> {
    return this.#spendable(on, orgId);
  }

  /** What an organisation has used beyond its credit, and not paid yet. */
  async owed(orgId: string): Promise<bigint> {
    return this.#owedIn(this.#db, orgId);
  }

  async #owedIn(on: Db | Tx, orgId: string): Promise<bigint> {
    const account = receivable(orgId);
    return -((await store.balances(on, account)).get(account) ?? 0n);
  }

  /** Takes credit out of a wallet for one gateway: what is wanted, or what there is. @throws Fault when there is none */
  lease(order: LeaseOrder): Promise<Lease> {
    return transact(this.#db, (tx) => this.leaseIn(tx, order));
  }

  async leaseIn(tx: Tx, { id, orgId, gateway, epoch, wantedMicros }: LeaseOrder): Promise<Lease> {
    await store.lockHead(tx);
    await store.insertLease(tx, { id, orgId, gateway, epoch, state: 'open' }, this.#clock.now());
    return this.growIn(tx, { id, orgId, wantedMicros }, id);
  }

  /** Adds to an open lease what is wanted, or what there is. `part` names the addition. @throws Fault when there is none */
  async growIn(tx: Tx, { id, orgId, wantedMicros }: Pick<LeaseOrder, 'id' | 'orgId' | 'wantedMicros'>, part: string): Promise<Lease> {
    const head = await store.lockHead(tx);
    const parts = draw(await this.#spendable(tx, orgId), wantedMicros);
    const amountMicros = total(parts);
    if (amountMicros === 0n) throw insufficientQuota(orgId);
    await append(tx, head, [{ id: `lease_${part}`, kind: 'lease', orgId, reference: id, postings: openLease(orgId, id, parts) }], this.#clock.now());
    return { id, amountMicros };
  }

  /**
   * Posts what calls have cost, inside the poster's transaction: out of their leases, beyond them out of the wallet, and what neither holds is owed
   * (M9, M11). A request's id is charged once (M8). Returns the ids that were new.
   */
  async settle(tx: Tx, charges: readonly ChargeOrder[]): Promise<ReadonlySet<string>> {
    const head = await store.lockHead(tx);
    const settled = await store.findPosted(
      tx,
      charges.map(({ id }) => id),
    );
    const fresh = new Map<string, ChargeOrder>();
    for (const charge of charges) if (!settled.has(charge.id) && !fresh.has(charge.id)) fresh.set(charge.id, charge);
    if (fresh.size === 0) return new Set();
    const now = this.#clock.now();
    const settling = new Settling([...fresh.values()], await store.heldBy(tx, [...new Set(charges.map(({ lease }) => lease))]));
    const short = settling.organisationsShort();
    const orders = settling.orders(short.length > 0 ? await store.walletsOf(tx, short) : new Map(), now);
    await append(tx, head, orders, now);
    return new Set(fresh.keys());
  }

  /** Gives back what a lease did not spend, to the grants that it came from; what has expired meanwhile is lost (M33). Once; the second time is a no-op. */
  close(id: string, state: 'closed' | 'abandoned' = 'closed'): Promise<void> {
    return transact(this.#db, (tx) => this.closeIn(tx, id, state));
  }

  async closeIn(tx: Tx, id: string, state: 'closed' | 'abandoned' = 'closed'): Promise<void> {
    const head = await store.lockHead(tx);
    const now = this.#clock.now();
    const orgId = await store.endLease(tx, id, state, now);
    if (orgId === undefined) {
      if (await store.hasLease(tx, id)) return;
      throw leaseNotFound(id);
    }
    const held = (await store.heldBy(tx, [id])).get(id) ?? [];
    const parts = held.map((grant) => ({ grant: grant.id, amountMicros: grant.balanceMicros, isExpired: isExpired(grant, now) }));
    await append(tx, head, [{ id: `return_${id}`, kind: state === 'closed' ? 'return' : 'abandon', orgId, reference: id, postings: returnLease(orgId, id, parts) }], now);
    await this.#collect(tx, orgId, id);
  }

  /** Credit that has come pays first what the organisation owes; `reference` says what it came by. */
  async #collect(tx: Tx, orgId: string, reference: string): Promise<void> {
    const owed = await this.#owedIn(tx, orgId);
    const parts = owed > 0n ? draw(await this.#spendable(tx, orgId), owed) : [];
    if (parts.length === 0) return;
    await append(tx, await store.lockHead(tx), [{ id: `collect_${reference}`, kind: 'collect', orgId, reference, postings: collect(orgId, parts) }], this.#clock.now());
  }

  /** Takes back what is left of grants that have expired; what leases hold of them stays theirs until they return it (M33). Returns how many. */
  async expire(): Promise<number> {
    for (let count = 0; ;) {
      const { found, taken } = await transact(this.#db, (tx) => this.#sweep(tx));
      count += taken;
      if (found < SWEPT_AT_ONCE) return count;
    }
  }

  async #sweep(tx: Tx): Promise<{ readonly found: number; readonly taken: number }> {
    const head = await store.lockHead(tx);
    const now = this.#clock.now();
    const grants = await store.listExpired(tx, now, SWEPT_AT_ONCE);
    if (grants.length === 0) return { found: 0, taken: 0 };
    const orders = grants
      .filter(({ balanceMicros }) => balanceMicros > 0n)
      .map(({ id, orgId, balanceMicros }) => ({ id: `expire_${id}`, kind: 'expire', orgId, reference: id, postings: expire(orgId, { grant: id, amountMicros: balanceMicros }) }));
    await append(tx, head, orders, now);
    await store.markSwept(
      tx,
      grants.map(({ id }) => id),
      now,
    );
    return { found: grants.length, taken: orders.length };
  }

  /** Gives a part of a charge back as new credit, each share of it from who had it (M31). @throws Fault when more is refunded than was charged */
  refund(order: RefundOrder): Promise<void> {
    return transact(this.#db, (tx) => this.refundIn(tx, order));
  }

  async refundIn(tx: Tx, { id, of, split, note = `refund of ${of}` }: RefundOrder): Promise<void> {
    const head = await store.lockHead(tx);
    const posted = await store.findPosted(tx, [of, id]);
    const original = posted.get(of);
    if (!original || original.kind !== 'settle') throw transactionNotFound(of);
    if (posted.has(id)) return;
    const { orgId, postings } = original;
    const amount = amountOf(split);
    const charged = postings.filter(({ amountMicros }) => amountMicros > 0n).reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
    if (amount <= 0n || (await store.refundedOf(tx, of)) + amount > charged) throw refundTooLarge(of);
    const now = this.#clock.now();
    await store.insertGrant(tx, { id, orgId, priority: REFUND_PRIORITY, expiresAt: undefined, note, createdAt: now });
    await append(tx, head, [{ id, kind: 'refund', orgId, reference: of, postings: refund(orgId, id, split) }], now);
    await this.#collect(tx, orgId, id);
  }

  /** Pays a publisher what it has earned, or a part of it. @throws Fault when it has not earned as much */
  payOut({ id, orgId, amountMicros }: { readonly id: string; readonly orgId: string; readonly amountMicros: bigint }): Promise<void> {
    return transact(this.#db, async (tx) => {
      await post(tx, [{ id, kind: 'pay_out', orgId, reference: payable(orgId), postings: payOut(orgId, amountMicros) }], this.#clock.now());
    });
  }

  balances(prefix: string): Promise<Map<string, bigint>> {
    return store.balances(this.#db, prefix);
  }

  check(): Promise<BookReport> {
    return check(this.#db);
  }

  balancesIn(tx: Tx, prefix: string): Promise<Map<string, bigint>> {
    return store.balances(tx, prefix);
  }

  checkIn(tx: Tx): Promise<BookReport> {
    return checkIn(tx);
  }

  rebuild(): Promise<void> {
    return rebuild(this.#db);
  }

  async #spendable(on: Db | Tx, orgId: string): Promise<WalletGrant[]> {
    const now = this.#clock.now();
    return ((await store.walletsOf(on, [orgId])).get(orgId) ?? []).filter((grant) => !isExpired(grant, now));
  }
}

/** Refunded credit is spent before what was given away or paid. */
const REFUND_PRIORITY = 0;
