import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { newId } from '../../src/base/ids.ts';
import { composeMoney } from '../../src/app/compose/money.ts';
import type { UsageRecord } from '../../src/contract/usage.ts';
import { Budgets, Lineages } from '../../src/control-plane/entitlements/index.ts';
import { Pricing } from '../../src/control-plane/pricing/index.ts';
import { type Db, openDatabase, transact } from '../../src/db/open.ts';
import { batchOf, type RecordBatch } from '../../src/usage-log/record.ts';
import { serveOrders } from '../lib/process.ts';
import type { Settled, SettleOrder } from '../lib/settle-order.ts';

/** Posting and billing as the server does it, on a database file of their own, without a gateway before them. */
const ORG = 'org_buyer';
const CREDIT_MICROS = 10n ** 15n;
/** More than any run uses: a batch is settled from its lease, as in service. */
const LEASE_MICROS = 10n ** 12n;
const CALL_MICROS = 1_000n;
const PAIRS_AT_ONCE = 4;

async function openBooks(db: Db) {
  const clock = systemClock;
  const problem = (error: unknown) => {
    throw error;
  };
  const pricing = new Pricing({ db, clock, currency: 'EUR', taxBasisPoints: 2_000, unavailable: problem });
  const rates = { input_tokens: 500_000n, output_tokens: 1_500_000n };
  const { id: priceVersion } = await transact(db, (tx) =>
    pricing.add(tx, { planId: 'plan', rates, publisher: 'org_maker', publisherBasisPoints: 8_000, createdBy: 'key', isConfirmed: true }),
  );
  const books = composeMoney({ db, clock, gateway: 'bench', waitMs: 250, pricing, budgets: new Budgets(new Lineages()), happened: () => undefined, problem });
  await books.ledger.credit({ id: 'bench', orgId: ORG, amountMicros: CREDIT_MICROS, priority: 2, expiresAt: undefined, note: '', isPaid: true });
  const source = books.leasing.sourceFor(await books.leasing.registerGateway('bench'));
  const grow = (amount: bigint, lease?: string) =>
    source.lease({ orgId: ORG, unit: 'micros', budgets: [], leastAmount: amount, neededAmount: amount, wantedAmount: amount, ...(lease !== undefined && { lease }) });
  return { ...books, grow, priceVersion, lease: (await grow(LEASE_MICROS)).id };
}

type Books = Awaited<ReturnType<typeof openBooks>>;

/** A chat call as the gateway records it. */
function recordOf({ priceVersion, lease }: Pick<Books, 'priceVersion' | 'lease'>): UsageRecord {
  const now = systemClock.now();
  const stages = { authenticate: 0.021, decode: 0.094, admit: 0.112, queue: 0.131, first_byte: 1.204, total: 1.318 };
  const counts = { promptTokens: 24, cachedTokens: 0, completionTokens: 64, rows: 0, requestBytes: 306, responseBytes: 661, estimated: false };
  return {
    requestId: newId('req', now),
    startedAt: now,
    orgId: ORG,
    keyId: 'key_1fnx0c2k9abcdefghjkmnpqr',
    deployment: 'maker/model',
    revision: 'rev_1fnx0c2k9abcdefghjkmnpqr',
    model: 'maker/model',
    version: 3,
    operation: 'chat',
    status: 'ok',
    httpStatus: 200,
    ...counts,
    attempts: 1,
    durationMs: 1.318,
    stages,
    subscription: 'sub_1fnx0c2k9abcdefghjkmnpqr',
    priceVersion,
    lease,
  };
}

const batch = (books: Books, records: number): RecordBatch => batchOf(Array.from({ length: records }, () => recordOf(books)));

/** Does work on so many things, one after the other, and says how long each took. */
async function timed<T>(things: readonly T[], work: (thing: T) => Promise<unknown>): Promise<Settled> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const ms: number[] = [];
  for (const thing of things) {
    const from = performance.now();
    await work(thing);
    ms.push(performance.now() - from);
  }
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, seconds, cpuUs: user + system };
}

/** Pairs of a lease that is made larger and a record that is settled from it, each a transaction of its own, by a few at once. */
async function pairs(books: Books, count: number): Promise<Settled> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const ms: number[] = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const from = performance.now();
      await books.grow(CALL_MICROS, books.lease);
      await books.billing.post(batch(books, 1));
      ms.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: PAIRS_AT_ONCE }, worker));
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, seconds, cpuUs: user + system };
}

/** One batch every so often, as the poster gathers them. A batch waits for none: the poster has one at a time. */
async function paced(books: Books, { everyMs, batches, records }: Extract<SettleOrder, { kind: 'paced' }>): Promise<Settled> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const ms: number[] = [];
  for (let due = began + everyMs; ms.length < batches; due += everyMs) {
    const one = batch(books, records);
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    const from = performance.now();
    await books.billing.post(one);
    ms.push(performance.now() - from);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { ms, seconds: (performance.now() - began) / 1_000, cpuUs: user + system };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-settling-'));
  const db = await openDatabase(join(folder, 'settling.db'));
  const bareDb = await openDatabase(join(folder, 'bare.db'));
  try {
    const books = await openBooks(db);
    const bare = await openBooks(bareDb);
    let posted = 0;
    await serveOrders<SettleOrder>({ ready: true }, async (order) => {
      if (order.kind === 'check') {
        const { faults } = await books.ledger.check();
        const { settled } = await db
          .selectFrom('ledger_transactions')
          .select((eb) => eb.fn.countAll<number>().as('settled'))
          .where('kind', '=', 'settle')
          .executeTakeFirstOrThrow();
        return { faults, settled, posted, unbilled: (await books.billing.unbilled(1)).length };
      }
      if (order.kind === 'pairs') {
        posted += order.count;
        return pairs(books, order.count);
      }
      if (order.kind === 'paced') {
        posted += order.batches * order.records;
        return paced(books, order);
      }
      const batches = Array.from({ length: order.batches }, () => batch(books, order.records));
      if (order.kind === 'bare') return timed(batches, ({ rows }) => bare.usage.post(rows));
      posted += order.batches * order.records;
      return timed(batches, (one) => books.billing.post(one));
    });
  } finally {
    await Promise.all([db.destroy(), bareDb.destroy()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
