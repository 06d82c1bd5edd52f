import { Fault } from '../../contract/errors.ts';
import type { Lease, LeaseOrder, LeaseSource } from '../ports.ts';

/** A wallet of one number in memory, in the place of the ledger: gives what is wanted while it has eight times as much, then what calls need that wait, then what there is, if it is the least. */
export class PlainWallet implements LeaseSource {
  available: bigint;
  readonly leased = new Map<string, bigint>();
  orders: LeaseOrder[] = [];
  until: number | undefined;
  /** What the next questions wait for: a database that does not answer. */
  answers: Promise<void> = Promise.resolve();
  isDown = false;
  /** The next lease that is to hold more is one of which that can't be said any more: another is opened. */
  answersAnew = false;

  constructor(available: bigint) {
    this.available = available;
  }

  async lease(order: LeaseOrder): Promise<Lease> {
    this.orders.push(order);
    await this.answers;
    if (this.isDown) throw new Error('the database is down');
    const { leastAmount, neededAmount, wantedAmount } = order;
    if (this.available < leastAmount) throw new Fault('payment_required', 'insufficient_quota', 'no credit');
    const amount = this.available >= wantedAmount * 8n ? wantedAmount : neededAmount < this.available ? neededAmount : this.available;
    this.available -= amount;
    const id = (this.answersAnew ? undefined : order.lease) ?? `lease_${this.leased.size}`;
    this.answersAnew = false;
    this.leased.set(id, (this.leased.get(id) ?? 0n) + amount);
    return { id, amount, until: this.until };
  }

  /** What a call has cost, as the poster would take it. */
  spend(lease: string, amount: bigint): void {
    this.leased.set(lease, (this.leased.get(lease) ?? 0n) - amount);
  }

  async giveBack(lease: string): Promise<void> {
    if (this.isDown) throw new Error('the database is down');
    this.available += this.leased.get(lease) ?? 0n;
    this.leased.set(lease, 0n);
  }
}
