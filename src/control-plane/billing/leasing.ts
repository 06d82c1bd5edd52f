import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { type Db, transact, type Tx } from '../../db/open.ts';
import type { BudgetPeriod, BudgetRoom, Budgets } from '../entitlements/index.ts';
import { type Ledger, lockBook } from '../ledger/index.ts';
import { budgetExceeded, creditTooSmall, gatewayAlive, gatewayNotFound, gatewaySuperseded, ownGateway, quotaExceeded } from './errors.ts';
import * as leases from './lease-store.ts';
import { sizeOf } from './model.ts';
import type { BillingEvent, Lease, LeaseOrder } from './ports.ts';
import * as store from './store.ts';

export interface LeasingOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly budgets: Budgets;
  happened(event: BillingEvent): void;
}

/** A run of a gateway. The epoch grows each time it starts. */
export interface GatewayRun {
  readonly gateway: string;
  readonly epoch: number;
}

/** Who was seen so lately is taken for alive. */
const ALIVE_MS = 60_000;
/** Far longer than anybody waits for a lease. */
const LOST_AFTER_MS = 60_000;

/** Credit and quota that gateways may spend without asking. Everything that was leased is posted, given back, or abandoned: once. */
export class Leasing {
  readonly #options: LeasingOptions;

  constructor(options: LeasingOptions) {
    this.#options = options;
  }

  /** A gateway starts. Its former leases stay open until what it had spent of them is posted: then `closeFormer`. */
  async registerGateway(gateway: string): Promise<GatewayRun> {
    const { db, clock } = this.#options;
    return { gateway, epoch: await store.startGateway(db, gateway, clock.now()) };
  }

  /** Says that a gateway is alive. Returns false when another process has taken its name. */
  seen({ gateway, epoch }: GatewayRun): Promise<boolean> {
    return store.touchGateway(this.#options.db, gateway, epoch, this.#options.clock.now());
  }

  /** What one run of a gateway leases by (`LeaseSource` of the data plane). */
  sourceFor(run: GatewayRun): { lease(order: LeaseOrder): Promise<Lease>; giveBack(lease: string): Promise<void> } {
    return { lease: (order) => this.lease(run, order), giveBack: (lease) => this.giveBack(lease) };
  }

  /**
   * Takes credit out of a wallet, or what is left of a quota, and out of the budgets that it counts on: all of it, or nothing.
   *
   * @throws Fault `insufficient_quota`, `budget_exceeded` or `quota_exceeded` when there is less than the least
   */
  lease(run: GatewayRun, order: LeaseOrder): Promise<Lease> {
    return transact(this.#options.db, async (tx) => {
      // Also for a quota: what a lease has left is changed by the poster too.
      await lockBook(tx);
      const isMoney = order.unit === 'micros';
      const now = this.#options.clock.now();
      if (!(await store.touchGateway(tx, run.gateway, run.epoch, now))) throw gatewaySuperseded(run.gateway);
      const ids = order.budgets.toSorted();
      const rooms = await this.#options.budgets.room(tx, ids, now);
      const amount = sizeOf({ ...order, availableAmount: await this.#available(tx, order, rooms) });
      const budgets = await this.#options.budgets.take(tx, ids, amount, now);
      const open = await this.#openLease(tx, run, order, budgets);
      const part = newId('lease', now);
      const of = { id: open?.id ?? part, orgId: order.orgId, ...run, wantedMicros: amount };
      if (isMoney) await (open ? this.#options.ledger.growIn(tx, of, part) : this.#options.ledger.leaseIn(tx, of));
      else if (!open) await leases.insertQuotaLease(tx, of, now);
      await leases.fillLease(tx, { id: of.id, unit: order.unit, leftAmount: (open?.leftAmount ?? 0n) + amount, budgets });
      const ends = rooms.flatMap(({ end }) => end ?? []);
      return { id: of.id, amount, until: ends.length > 0 ? Math.min(...ends) : undefined };
    });
  }

  /** The lease that is to hold more, if it is still the run's own and counts on the same periods of the same budgets. */
  async #openLease(tx: Tx, { gateway, epoch }: GatewayRun, { lease, orgId, unit }: LeaseOrder, budgets: readonly BudgetPeriod[]): Promise<leases.LeaseRow | undefined> {
    const row = lease === undefined ? undefined : (await leases.findLeases(tx, [lease])).get(lease);
    if (!row?.isOpen || row.gateway !== gateway || row.epoch !== epoch || row.orgId !== orgId || row.unit !== unit) return undefined;
    const same = row.budgets.length === budgets.length && row.budgets.every(({ id, start }, index) => id === budgets[index]?.id && start === budgets[index].start);
    return same ? row : undefined;
  }

  /** Gives back what is left of a lease, once; the second time is a no-op. Only when all that was spent of it is posted. */
  giveBack(lease: string): Promise<void> {
    return this.#end(lease, 'closed');
  }

  /** Closes what a gateway's earlier runs have left, after their usage is posted (M5, M7, M25). Returns how many leases. */
  async closeFormer({ gateway, epoch }: GatewayRun): Promise<number> {
    return this.#endAll(await leases.listOpen(this.#options.db, gateway, epoch), 'closed');
  }

  /**
   * Closes leases of this very run that its gateway does not know: the database had opened them, and its answer was lost (M25). `isKnown` is asked for those that are
   * so old that no answer is still under way. Returns how many.
   */
  async closeLost({ gateway, epoch }: GatewayRun, isKnown: (lease: string) => boolean): Promise<number> {
    const { db, clock } = this.#options;
    const before = clock.now() - LOST_AFTER_MS;
    const open = await leases.listOpen(db, gateway, epoch + 1);
    return this.#endAll(
      open.filter((lease) => lease.epoch === epoch && lease.createdAt < before && !isKnown(lease.id)),
      'closed',
    );
  }

  /**
   * Takes back the leases of a gateway that will not come back. What it had spent and not posted is charged when it turns up: out of the wallet, or else it is owed (M11).
   *
   * @param own this server's own gateway
   * @throws Fault for a gateway that may be alive, unless it is forced
   */
  async abandon(gateway: string, { own, force }: { readonly own: string; readonly force: boolean }): Promise<number> {
    const { db, clock, happened } = this.#options;
    const row = (await store.listGateways(db)).find(({ name }) => name === gateway);
    if (!row) throw gatewayNotFound(gateway);
    if (gateway === own) throw ownGateway(gateway);
    const silentMs = clock.now() - row.seenAt;
    if (silentMs < ALIVE_MS && !force) throw gatewayAlive(gateway, Math.max(0, Math.round(silentMs / 1_000)));
    const open = await leases.listOpen(db, gateway);
    const count = await this.#endAll(open, 'abandoned');
    for (const { id, orgId } of open) happened({ orgId, deployment: '', state: 'lease_abandoned', reason: `the lease ${id} of the gateway ${gateway} was taken back` });
    return count;
  }

  /** Gateways with what they hold. */
  async gateways(): Promise<(store.GatewayRow & Pick<store.HeldByGateway, 'leases' | 'heldMicros'>)[]> {
    const held = new Map((await store.sumOpenLeases(this.#options.db)).map((sum) => [sum.gateway, sum]));
    return (await store.listGateways(this.#options.db)).map((row) => {
      const { leases: count, heldMicros } = held.get(row.name) ?? { leases: 0, heldMicros: 0n };
      return { ...row, leases: count, heldMicros };
    });
  }

  /** What may be leased. @throws Fault when it is less than the least, naming what has too little */
  async #available(tx: Tx, { orgId, unit, leastAmount }: LeaseOrder, rooms: readonly BudgetRoom[]): Promise<bigint> {
    const short = rooms.find(({ roomAmount }) => roomAmount < leastAmount || roomAmount <= 0n);
    const available = rooms.map(({ roomAmount }) => roomAmount);
    if (unit === 'micros') {
      const credit = (await this.#options.ledger.walletIn(tx, orgId)).reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n);
      if (credit < leastAmount || credit <= 0n) throw creditTooSmall(credit, leastAmount);
      if (short) throw budgetExceeded(short.id, short.roomAmount, leastAmount);
      available.push(credit);
    } else if (short || rooms.length === 0) throw quotaExceeded(short?.roomAmount ?? 0n, leastAmount, unit);
    return available.reduce((least, amount) => (amount < least ? amount : least));
  }

  async #endAll(open: readonly leases.LeaseRow[], state: 'closed' | 'abandoned'): Promise<number> {
    for (const { id } of open) await this.#end(id, state);
    return open.length;
  }

  #end(id: string, state: 'closed' | 'abandoned'): Promise<void> {
    const { db, ledger, budgets, clock } = this.#options;
    return transact(db, async (tx) => {
      await lockBook(tx);
      const lease = (await leases.findLeases(tx, [id])).get(id);
      if (lease && !lease.isOpen) return;
      if (lease && lease.unit !== 'micros') await leases.endQuotaLease(tx, id, state, clock.now());
      else await ledger.closeIn(tx, id, state);
      if (!lease || lease.leftAmount === 0n) return;
      await budgets.release(tx, lease.budgets, lease.leftAmount);
      await leases.setLeft(tx, id, 0n);
    });
  }
}
