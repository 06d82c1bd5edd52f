import type { Clock } from '../../base/clock.ts';
import type { Price } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import type { JsonRows } from '../../db/json-rows.ts';
import { type Db, transact, type Tx } from '../../db/open.ts';
import type { Budgets, Crossed } from '../entitlements/index.ts';
import { type Ledger, lockBook } from '../ledger/index.ts';
import type { Usage } from '../usage/index.ts';
import { type Bill, billOf, costOf } from './model.ts';
import type { BillingEvent, Prices } from './ports.ts';
import { findLeases, setLeft, sumHeld } from './lease-store.ts';
import { listBilled } from './store.ts';

export interface BillingOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly usage: Usage;
  readonly ledger: Ledger;
  readonly prices: Prices;
  readonly budgets: Budgets;
  happened(event: BillingEvent): void;
  /** Told of what went wrong behind everybody's back. */
  problem(error: unknown): void;
}

/** What the poster hands over: all records as rows, and those that have a price. */
export interface UsageBatch {
  readonly priced: readonly UsageRecord[];
  readonly rows: JsonRows;
}

/** What a transaction found out that is told once it is through. */
interface Told {
  readonly bill: Bill;
  readonly crossed: readonly Crossed[];
}

/** Seen by operators alone: who bought has nothing to do with it, and who sold is not known here. */
const OPERATORS = '';
const PAGE = 1_000;
/** Open items that are remembered by their ids; with more, all calls are looked through. */
const OPEN_MAX = 10_000;

/** Posts usage and what it costs, in one transaction: a record is stored and billed, once, or neither. */
export class Billing {
  readonly #options: BillingOptions;
  /** Calls whose price could not be read when they were posted. */
  readonly #open = new Set<string>();
  #knowsOpen = false;

  constructor(options: BillingOptions) {
    this.#options = options;
  }

  /**
   * Stores a batch, and charges those of its records that are new and have a price. Posted again it changes nothing (M7, M8). A record whose price can't be read is stored,
   * and what it costs stays open.
   */
  async post({ priced: records, rows }: UsageBatch): Promise<void> {
    if (records.length === 0) return this.#options.usage.post(rows);
    const priced = new Map<string, UsageRecord>();
    for (const record of records) if (!priced.has(record.requestId)) priced.set(record.requestId, record);
    const { db, usage } = this.#options;
    const prices = await this.#pricesOf(priced.values());
    const told = await transact(db, async (tx) => {
      // First, on every path: two posters then wait for each other here, never crosswise.
      await lockBook(tx);
      const known = await usage.known(tx, [...priced.keys()]);
      await usage.postIn(tx, rows);
      return this.#charge(
        tx,
        priced.values().filter(({ requestId }) => !known.has(requestId)),
        { prices, counted: false },
      );
    });
    for (const { requestId } of told.bill.open) this.#remember(requestId);
    this.#tell(told);
  }

  /** Charges calls that could not be when they were posted, as far as they have a price now. Returns how many. */
  async settleOpen(): Promise<number> {
    let settled = 0;
    for await (const page of this.#candidates()) settled += await this.#settlePage(page);
    return settled;
  }

  /** Looks all calls through for open items at the next `settleOpen`, also those of other processes. */
  forgetOpen(): void {
    this.#open.clear();
    this.#knowsOpen = false;
  }

  /** Credit that gateways hold of an organisation by their leases. */
  held(orgId: string): Promise<bigint> {
    return sumHeld(this.#options.db, orgId);
  }

  /** Calls that have a price, used something, and are not in the book; what comes to nothing by its price needs no entry. For `ledger check`. */
  async unbilled(idsMax: number): Promise<string[]> {
    const found: string[] = [];
    for await (const page of this.#all()) {
      found.push(...(await this.#owed(page, await this.#pricesOf(page))).map(({ requestId }) => requestId));
      if (found.length >= idsMax) return found.slice(0, idsMax);
    }
    return found;
  }

  async #settlePage(page: readonly UsageRecord[]): Promise<number> {
    const prices = await this.#pricesOf(page);
    const owed = await this.#owed(page, prices);
    const due = owed.filter((record) => costOf(record, prices.get(record.priceVersion)) !== undefined);
    const charged = due.length > 0 ? await this.#chargeDue(due, prices) : 0;
    for (const { requestId } of page) this.#open.delete(requestId);
    for (const record of owed) if (!due.includes(record)) this.#remember(record.requestId);
    return charged;
  }

  /** Another process may be at the same calls: who is second finds them billed. */
  async #chargeDue(due: readonly UsageRecord[], prices: ReadonlyMap<string, Price>): Promise<number> {
    const told = await transact(this.#options.db, async (tx) => {
      await lockBook(tx);
      const billed = await listBilled(tx, idsOf(due));
      return this.#charge(
        tx,
        due.filter(({ requestId }) => !billed.has(requestId)),
        { prices, counted: true },
      );
    });
    this.#tell(told);
    return told.bill.charges.length;
  }

  /** Those of a page that are not in the book and should be there. */
  async #owed(page: readonly UsageRecord[], prices: ReadonlyMap<string, Price>): Promise<UsageRecord[]> {
    const billed = await listBilled(this.#options.db, idsOf(page));
    return page.filter((record) => !billed.has(record.requestId) && costOf(record, prices.get(record.priceVersion)) !== 0n);
  }

  /** What may be open: what is remembered, or else everything; in pages. */
  async *#candidates(): AsyncGenerator<readonly UsageRecord[]> {
    if (!this.#knowsOpen) {
      this.#knowsOpen = true;
      return yield* this.#all();
    }
    const ids = [...this.#open];
    for (let from = 0; from < ids.length; from += PAGE) yield await this.#options.usage.find(ids.slice(from, from + PAGE));
  }

  async *#all(): AsyncGenerator<readonly UsageRecord[]> {
    for (let after = ''; ;) {
      const page = await this.#options.usage.priced(after, PAGE);
      const last = page.at(-1);
      if (!last) return;
      yield page;
      after = last.requestId;
    }
  }

  #remember(id: string): void {
    if (this.#open.size < OPEN_MAX) this.#open.add(id);
    else this.#knowsOpen = false;
  }

  /** The prices of calls by their versions, as far as they can be read. */
  async #pricesOf(records: Iterable<UsageRecord>): Promise<ReadonlyMap<string, Price>> {
    const prices = new Map<string, Price>();
    const asked = new Set<string>();
    for (const { priceVersion, deployment } of records) {
      if (asked.has(priceVersion)) continue;
      asked.add(priceVersion);
      const price = await this.#options.prices.priceOf(priceVersion, { deployment, orgId: OPERATORS });
      if (price) prices.set(priceVersion, price);
    }
    return prices;
  }

  async #charge(tx: Tx, fresh: Iterable<UsageRecord>, { prices, counted }: { readonly prices: ReadonlyMap<string, Price>; readonly counted: boolean }): Promise<Told> {
    const { ledger, budgets, clock } = this.#options;
    const records = [...fresh];
    const leases = await findLeases(tx, [...new Set(records.map(({ lease }) => lease).filter((lease) => lease !== ''))]);
    const bill = billOf(records, prices, { leases, isCounted: counted });
    if (bill.charges.length > 0) await ledger.settle(tx, bill.charges);
    const crossed: Crossed[] = [];
    for (const { lease, drawnAmount, usedAmount } of bill.draws.toSorted((a, b) => (a.lease.id < b.lease.id ? -1 : 1))) {
      if (drawnAmount > 0n) await setLeft(tx, lease.id, lease.leftAmount - drawnAmount);
      crossed.push(...(await budgets.spend(tx, lease.budgets, { usedAmount, releasedAmount: drawnAmount })));
    }
    for (const { amountMicros, counted: before, ...key } of bill.spent) {
      const alerting = (await budgets.alertingFor(tx, key, clock.now())).filter(({ id }) => before.every((other) => other.id !== id));
      crossed.push(...(await budgets.spend(tx, alerting, { usedAmount: amountMicros, releasedAmount: 0n })));
    }
    return { bill, crossed };
  }

  #tell({ bill, crossed }: Told): void {
    for (const { budget, orgId, percent } of crossed)
      this.#options.happened({ orgId, deployment: '', state: 'budget_reached', reason: `${percent} % of the budget ${budget} is used in this period` });
    for (const [deployment, records] of Map.groupBy(bill.open, (record) => record.deployment)) {
      const versions = [...new Set(records.map(({ priceVersion }) => priceVersion))].join(', ');
      const reason = `${records.length} calls wait to be billed: the price ${versions}, or what they used, can't be read`;
      this.#options.happened({ orgId: OPERATORS, deployment, state: 'unbilled', reason });
      this.#options.problem(new Error(`${deployment}: ${reason}`));
    }
  }
}

function idsOf(records: readonly UsageRecord[]): string[] {
  return records.map(({ requestId }) => requestId);
}
