import type { Clock } from '../../base/clock.ts';
import { type Db, type Tx, transact } from '../../db/open.ts';
import { leased, payable, wallet } from './accounts.ts';
import { type BookReport, check, post, rebuild, type TransactionOrder } from './book.ts';
import { insufficientQuota, leaseNotFound, refundTooLarge, transactionNotFound } from './errors.ts';
import { type GrantPart, payOut, expire, giveCredit, openLease, refund, returnLease, settle, type Split, topUp } from './model.ts';
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

/** What a call is to cost whom. `id` is the request's. */
export interface ChargeOrder {
  readonly id: string;
  readonly orgId: string;
  readonly lease: string;
  readonly split: Split;
}

/** `of` is the charge of which a part is given back. */
export interface RefundOrder {
  readonly id: string;
  readonly of: string;
  readonly split: Split;
  /** For the statement. */
  readonly note?: string;
}

export interface WalletGrant extends store.Grant {
  readonly balanceMicros: bigint;
}

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
    await store.lockHead(tx);
    await store.insertGrant(tx, { ...order, createdAt: this.#clock.now() });
    await this.#post(tx, [{ id: `credit_${id}`, kind: isPaid ? 'top_up' : 'give_credit', orgId, reference: id, postings: isPaid ? topUp(orgId, part) : giveCredit(orgId, part) }]);
  }

  /** What an organisation may spend now, in the order in which it is spent (M34). */
  wallet(orgId: string): Promise<WalletGrant[]> {
    return this.walletIn(this.#db, orgId);
  }

  walletIn(on: Db | Tx, orgId: string): Promise<WalletGrant[]> {
    return this.#spendable(on, orgId);
  }

  /** Takes credit out of a wallet for one gateway: what is wanted, or what there is. @throws Fault when there is none */
  lease(order: LeaseOrder): Promise<Lease> {
    return transact(this.#db, (tx) => this.leaseIn(tx, order));
  }

  async leaseIn(tx: Tx, { id, orgId, gateway, epoch, wantedMicros }: LeaseOrder): Promise<Lease> {
    await store.lockHead(tx);
    const parts = draw(await this.#spendable(tx, orgId), wantedMicros);
    const amountMicros = total(parts);
    if (amountMicros === 0n) throw insufficientQuota(orgId);
    await store.insertLease(tx, { id, orgId, gateway, epoch, state: 'open' }, this.#clock.now());
    await this.#post(tx, [{ id: `lease_${id}`, kind: 'lease', orgId, reference: id, postings: openLease(orgId, id, parts) }]);
    return { id, amountMicros };
  }

  /** Adds to an open lease, as `leaseIn` begins one. `part` names the addition: the same one adds once. */
  async growIn(tx: Tx, { id, orgId, wantedMicros }: Pick<LeaseOrder, 'id' | 'orgId' | 'wantedMicros'>, part: string): Promise<Lease> {
    await store.lockHead(tx);
    const parts = draw(await this.#spendable(tx, orgId), wantedMicros);
    const amountMicros = total(parts);
    if (amountMicros === 0n) throw insufficientQuota(orgId);
    await this.#post(tx, [{ id: `lease_${part}`, kind: 'lease', orgId, reference: id, postings: openLease(orgId, id, parts) }]);
    return { id, amountMicros };
  }

  /**
   * Posts what calls have cost, inside the poster's transaction: out of their leases, beyond them out of the wallet, and what neither holds is owed
   * (M9, M11). A request's id is charged once (M8). Returns the ids that were new.
   */
  async settle(tx: Tx, charges: readonly ChargeOrder[]): Promise<ReadonlySet<string>> {
    await store.lockHead(tx);
    const settled = await store.findPosted(
      tx,
      charges.map(({ id }) => id),
    );
    const fresh = new Set<string>();
    for (const charge of charges) {
      if (settled.has(charge.id) || fresh.has(charge.id)) continue;
      await this.#post(tx, [await this.#charged(tx, charge)]);
      fresh.add(charge.id);
    }
    return fresh;
  }

  /** Gives back what a lease did not spend, to the grants that it came from; what has expired meanwhile is lost (M33). Once; the second time is a no-op. */
  close(id: string, state: 'closed' | 'abandoned' = 'closed'): Promise<void> {
    return transact(this.#db, (tx) => this.closeIn(tx, id, state));
  }

  async closeIn(tx: Tx, id: string, state: 'closed' | 'abandoned' = 'closed'): Promise<void> {
    await store.lockHead(tx);
    const lease = await store.findLease(tx, id);
    if (!lease) throw leaseNotFound(id);
    if (!(await store.endLease(tx, id, state, this.#clock.now()))) return;
    const expiries = new Map((await store.listGrants(tx, lease.orgId)).map((grant) => [grant.id, grant.expiresAt]));
    const isExpired = (grant: string) => (expiries.get(grant) ?? Number.POSITIVE_INFINITY) <= this.#clock.now();
    const parts = (await this.#leased(tx, id)).map((part) => ({ ...part, isExpired: isExpired(part.grant) }));
    await this.#post(tx, [
      { id: `return_${id}`, kind: state === 'closed' ? 'return' : 'abandon', orgId: lease.orgId, reference: id, postings: returnLease(lease.orgId, id, parts) },
    ]);
  }

  /** Takes back what is left of grants that have expired; what leases hold of them stays theirs until they return it (M33). Returns how many. */
  expire(): Promise<number> {
    return transact(this.#db, async (tx) => {
      await store.lockHead(tx);
      let count = 0;
      for (const { id, orgId } of await store.listExpired(tx, this.#clock.now())) {
        const amountMicros = (await store.balances(tx, wallet(orgId, id))).get(wallet(orgId, id)) ?? 0n;
        if (amountMicros === 0n) continue;
        await this.#post(tx, [{ id: `expire_${id}`, kind: 'expire', orgId, reference: id, postings: expire(orgId, { grant: id, amountMicros }) }]);
        count++;
      }
      return count;
    });
  }

  /** Gives a part of a charge back as new credit, each share of it from who had it (M31). @throws Fault when more is refunded than was charged */
  refund(order: RefundOrder): Promise<void> {
    return transact(this.#db, (tx) => this.refundIn(tx, order));
  }

  async refundIn(tx: Tx, { id, of, split, note = `refund of ${of}` }: RefundOrder): Promise<void> {
    await store.lockHead(tx);
    const original = (await store.findPosted(tx, [of])).get(of);
    if (!original || original.kind !== 'settle') throw transactionNotFound(of);
    if ((await store.findPosted(tx, [id])).has(id)) return;
    const amount = split.publisherMicros + split.platformMicros + split.taxMicros;
    const charged = original.postings.filter(({ amountMicros }) => amountMicros > 0n).reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
    if (amount <= 0n || (await store.refundedOf(tx, of)) + amount > charged) throw refundTooLarge(of);
    await store.insertGrant(tx, { id, orgId: original.orgId, priority: REFUND_PRIORITY, expiresAt: undefined, note, createdAt: this.#clock.now() });
    await this.#post(tx, [{ id, kind: 'refund', orgId: original.orgId, reference: of, postings: refund(original.orgId, id, split) }]);
  }

  /** Pays a publisher what it has earned, or a part of it. @throws Fault when it has not earned as much */
  payOut({ id, orgId, amountMicros }: { readonly id: string; readonly orgId: string; readonly amountMicros: bigint }): Promise<void> {
    return transact(this.#db, async (tx) => void (await this.#post(tx, [{ id, kind: 'pay_out', orgId, reference: payable(orgId), postings: payOut(orgId, amountMicros) }])));
  }

  balances(prefix: string): Promise<Map<string, bigint>> {
    return store.balances(this.#db, prefix);
  }

  check(): Promise<BookReport> {
    return check(this.#db);
  }

  rebuild(): Promise<void> {
    return rebuild(this.#db);
  }

  #post(tx: Tx, orders: readonly TransactionOrder[]): Promise<ReadonlySet<string>> {
    return post(tx, orders, this.#clock.now());
  }

  async #charged(tx: Tx, { id, orgId, lease, split }: ChargeOrder): Promise<TransactionOrder> {
    const charge = split.publisherMicros + split.platformMicros + split.taxMicros;
    const parts = draw(
      (await this.#leased(tx, lease)).map(({ grant, amountMicros }) => ({ id: grant, balanceMicros: amountMicros })),
      charge,
    );
    const walletParts = total(parts) < charge ? draw(await this.#spendable(tx, orgId), charge - total(parts)) : [];
    const overageMicros = charge - total(parts) - total(walletParts);
    return { id, kind: 'settle', orgId, reference: lease, postings: settle(orgId, lease, { parts, walletParts, overageMicros, split }) };
  }

  /** What a lease still holds, by grant, in the order of the grants. */
  async #leased(tx: Tx, lease: string): Promise<GrantPart[]> {
    const found = await store.findLease(tx, lease);
    if (!found) return [];
    const held = await store.balances(tx, leased(lease, ''));
    const order = await store.listGrants(tx, found.orgId);
    return order.flatMap(({ id }) => {
      const amountMicros = held.get(leased(lease, id)) ?? 0n;
      return amountMicros > 0n ? [{ grant: id, amountMicros }] : [];
    });
  }

  async #spendable(on: Db | Tx, orgId: string): Promise<WalletGrant[]> {
    const held = await store.balances(on, wallet(orgId, ''));
    const now = this.#clock.now();
    const grants = await store.listGrants(on, orgId);
    return grants.flatMap((grant) => {
      const balanceMicros = held.get(wallet(orgId, grant.id)) ?? 0n;
      return balanceMicros > 0n && (grant.expiresAt ?? Number.POSITIVE_INFINITY) > now ? [{ ...grant, balanceMicros }] : [];
    });
  }
}

/** Refunded credit is spent before what was given away or paid. */
const REFUND_PRIORITY = 0;

/** So much of it, from the first on, or all there is. */
function draw(from: readonly { readonly id: string; readonly balanceMicros: bigint }[], wantedMicros: bigint): GrantPart[] {
  let left = wantedMicros;
  return from.flatMap(({ id, balanceMicros }) => {
    const amountMicros = balanceMicros < left ? balanceMicros : left;
    left -= amountMicros;
    return amountMicros > 0n ? [{ grant: id, amountMicros }] : [];
  });
}

function total(parts: readonly GrantPart[]): bigint {
  return parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
