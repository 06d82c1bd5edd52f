import { type TestDatabase } from '../../../tests/databases.ts';
import { FakeClock } from '../../../tests/fake-clock.ts';
import type { Rates } from '../../contract/price.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import { transact } from '../../db/open.ts';
import { type Budget } from '../entitlements/budget-model.ts';
import { insertBudget } from '../entitlements/budget-store.ts';
import { Budgets } from '../entitlements/index.ts';
import { Lineages } from '../entitlements/lineages.ts';
import { Ledger } from '../ledger/index.ts';
import { Pricing } from '../pricing/index.ts';
import { Usage } from '../usage/index.ts';
import { findLeases } from './lease-store.ts';
import { Leasing } from './leasing.ts';
import type { BillingEvent, LeaseOrder } from './ports.ts';
import { Receipts } from './receipts.ts';
import { Refunds } from './refunds.ts';
import { Billing, type UsageBatch } from './service.ts';

/** A call of 100 tokens in and 50 out that ended well. */
const RECORD: UsageRecord = {
  requestId: 'req_1',
  startedAt: 1_767_225_600_000,
  orgId: 'acme',
  keyId: 'key_1',
  deployment: 'maker/model',
  revision: 'rev_1',
  model: 'maker/model',
  version: 3,
  operation: 'chat',
  status: 'ok',
  httpStatus: 200,
  promptTokens: 100,
  cachedTokens: 0,
  completionTokens: 50,
  rows: 0,
  requestBytes: 500,
  responseBytes: 300,
  estimated: false,
  attempts: 1,
  durationMs: 100,
  stages: { queue: 10 },
  subscription: 'sub_1',
  priceVersion: '',
  lease: '',
};
const FIELDS = Object.keys(RECORD) as (keyof UsageRecord)[];

export function recordOf(requestId: string, more: Partial<UsageRecord> = {}): UsageRecord {
  return { ...RECORD, requestId, ...more };
}

export function batchOf(...records: UsageRecord[]): UsageBatch {
  return {
    priced: records.filter(({ priceVersion }) => priceVersion !== ''),
    rows: { fields: FIELDS, json: JSON.stringify(records.map((record) => FIELDS.map((field) => record[field]))) },
  };
}

/** Billing with the real domains round it, on one database; `another` is a second process on the same. */
export class Rig {
  readonly database: TestDatabase;
  readonly clock: FakeClock;
  readonly ledger: Ledger;
  readonly usage: Usage;
  readonly pricing: Pricing;
  readonly billing: Billing;
  readonly leasing: Leasing;
  readonly receipts: Receipts;
  readonly refunds: Refunds;
  readonly events: BillingEvent[] = [];

  constructor(database: TestDatabase, clock = new FakeClock()) {
    const { db } = database;
    this.database = database;
    this.clock = clock;
    this.ledger = new Ledger(db, clock);
    this.usage = new Usage(db);
    this.pricing = new Pricing({ db, clock, currency: 'EUR', taxBasisPoints: 0, unavailable: () => undefined });
    const budgets = new Budgets(new Lineages());
    const happened = (event: BillingEvent) => void this.events.push(event);
    const prices = {
      priceOf: async (version: string) => {
        await this.pricing.fetch(db, [version]);
        return this.pricing.priceOf(version);
      },
    };
    const parts = { db, clock, ledger: this.ledger, usage: this.usage, budgets, prices, happened };
    this.billing = new Billing({ ...parts, problem: () => undefined });
    this.leasing = new Leasing(parts);
    const organisations = { byName: async (name: string) => ({ id: name, name }), names: async () => new Map([['acme', 'Acme']]) };
    this.receipts = new Receipts({ ...parts, organisations, signingKey: Buffer.alloc(32, 7) });
    this.refunds = new Refunds(parts);
  }

  /** Another process on the same database and clock. */
  another(): Rig {
    return new Rig(this.database, this.clock);
  }

  /** A price version; the publisher `maker` has 80 %. Returns its id. */
  async price(rates: Rates, more: { publisherBasisPoints?: number; planId?: string } = {}): Promise<string> {
    const order = { planId: 'plan', rates, publisher: 'maker', publisherBasisPoints: 8_000, createdBy: 'key', isConfirmed: true, ...more };
    return (await transact(this.database.db, (tx) => this.pricing.add(tx, order))).id;
  }

  credit(amountMicros: bigint, id = 'paid', more: { priority?: number; expiresAt?: number; isPaid?: boolean; orgId?: string } = {}): Promise<void> {
    return this.ledger.credit({ id, orgId: 'acme', amountMicros, priority: 2, expiresAt: undefined, note: '', isPaid: true, ...more });
  }

  budget(id: string, more: Partial<Budget> = {}): Promise<void> {
    const budget: Budget = {
      id,
      orgId: 'acme',
      keyId: undefined,
      subscription: undefined,
      unit: 'micros',
      limitAmount: 1_000n,
      period: 'month',
      isHard: true,
      alertPercents: [80, 100],
      createdAt: 0,
      removedAt: undefined,
      ...more,
    };
    return transact(this.database.db, (tx) => insertBudget(tx, budget));
  }

  /** A version of 40 a call that calls have named before it was there. */
  async lateVersion(id: string): Promise<void> {
    const version = { id, plan_id: 'plan_x', number: 1, currency: 'EUR', rates: '{"requests":"40000"}', publisher_org_id: 'maker', publisher_basis_points: 8_000 };
    await this.database.db
      .insertInto('price_versions')
      .values({ ...version, tax_basis_points: 0, is_confirmed: 1, created_by: 'key', created_at: 0 })
      .execute();
  }

  /** What is used and leased of a budget, in all its periods. */
  async counted(id: string): Promise<[used: bigint, leased: bigint]> {
    const rows = await this.database.db.selectFrom('budget_periods').selectAll().where('budget_id', '=', id).execute();
    return [rows.reduce((sum, row) => sum + row.used_amount, 0n), rows.reduce((sum, row) => sum + row.leased_amount, 0n)];
  }

  async gateway(name = 'g') {
    return this.leasing.sourceFor(await this.leasing.registerGateway(name));
  }

  order(more: Partial<LeaseOrder> = {}): LeaseOrder {
    return { orgId: 'acme', unit: 'micros', budgets: [], leastAmount: 1n, neededAmount: more.leastAmount ?? 1n, wantedAmount: 100n, ...more };
  }

  async wallet(orgId = 'acme'): Promise<bigint> {
    return (await this.ledger.wallet(orgId)).reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n);
  }

  async balance(account: string): Promise<bigint> {
    return (await this.ledger.balances(account)).get(account) ?? 0n;
  }

  async head(): Promise<string> {
    return (await this.ledger.check()).headHash;
  }

  /** Ends a test. @throws when something is wrong with the book */
  async close(): Promise<void> {
    const faults = await this.faults();
    await this.database[Symbol.asyncDispose]();
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  /** What is wrong: the book's own faults, leases that do not have left what the book holds for them, and budgets that do not have leased what their leases have left. */
  async faults(): Promise<string[]> {
    const { db } = this.database;
    const faults = [...(await this.ledger.check()).faults];
    const leased = new Map<string, bigint>();
    const ids = (await db.selectFrom('credit_leases').select('id').execute()).map(({ id }) => id);
    for (const lease of (await findLeases(db, ids)).values()) {
      const held = [...(await this.ledger.balances(`leased/${lease.id}/`)).values()].reduce((sum, balance) => sum + balance, 0n);
      if (lease.unit === 'micros' && held !== lease.leftAmount) faults.push(`${lease.id} has ${lease.leftAmount} left, the book holds ${held}`);
      if (!lease.isOpen && lease.leftAmount !== 0n) faults.push(`${lease.id} is closed and has ${lease.leftAmount} left`);
      for (const { id, start } of lease.budgets) leased.set(`${id} ${start}`, (leased.get(`${id} ${start}`) ?? 0n) + lease.leftAmount);
    }
    for (const row of await db.selectFrom('budget_periods').selectAll().execute()) {
      const left = leased.get(`${row.budget_id} ${row.start}`) ?? 0n;
      if (row.leased_amount !== left) faults.push(`the budget ${row.budget_id} has leased ${row.leased_amount}, its leases have ${left} left`);
    }
    return faults;
  }
}
