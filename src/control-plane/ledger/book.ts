import { transact, type Db, type Tx } from '../../db/open.ts';
import type { Account } from './accounts.ts';
import { GENESIS, hashOf } from './chain.ts';
import { transactionConflict, unbalanced } from './errors.ts';
import type { Posting } from './model.ts';
import * as store from './store.ts';

/** A transaction to be posted. Its id says what it is of: the same id is posted once. */
export interface TransactionOrder {
  readonly id: string;
  readonly kind: string;
  readonly orgId: string;
  /** What it refers to: a lease, a request, another transaction. */
  readonly reference: string;
  readonly postings: readonly Posting[];
}

const PAGE = 1_000;

/**
 * Posts transactions, in order, inside the caller's database transaction; those that are in the book already are left alone.
 * @returns the ids that were new
 * @throws Fault for an order that does not add up to zero, for a known id with other postings, and for an account that does not hold as much
 */
export async function post(tx: Tx, orders: readonly TransactionOrder[], now: number): Promise<ReadonlySet<string>> {
  const head = await store.lockHead(tx);
  const known = await store.findPosted(
    tx,
    orders.map(({ id }) => id),
  );
  const fresh = new Map<string, TransactionOrder>();
  for (const order of orders) {
    const before = known.get(order.id) ?? fresh.get(order.id);
    if (before && !sameLines(before.postings, order.postings)) throw transactionConflict(order.id);
    if (!before) fresh.set(order.id, order);
  }
  return append(tx, head, [...fresh.values()], now);
}

/** Posts transactions that are known to be new, after the head that the caller has locked. Those without a line leave no trace. */
export async function append(tx: Tx, head: store.Head, orders: readonly TransactionOrder[], now: number): Promise<ReadonlySet<string>> {
  const posted: store.Posted[] = [];
  let { seq, hash } = head;
  for (const order of orders) {
    const sum = order.postings.reduce((total, { amountMicros }) => total + amountMicros, 0n);
    if (sum !== 0n) throw unbalanced(order.id, sum);
    if (order.postings.length === 0) continue;
    seq++;
    const hashed = { ...order, seq, createdAt: now };
    hash = hashOf(hash, hashed);
    posted.push({ ...hashed, hash });
  }
  await store.append(tx, posted);
  return new Set(posted.map(({ id }) => id));
}

function sameLines(a: readonly Posting[], b: readonly Posting[]): boolean {
  return a.length === b.length && a.every(({ account, amountMicros }, index) => account === b[index]?.account && amountMicros === b[index].amountMicros);
}

/** What is wrong with a book; nothing: an empty list. */
export interface BookReport {
  readonly transactions: number;
  readonly headHash: string;
  readonly faults: readonly string[];
}

const FAULTS_MAX = 100;

/** Reads the whole book anew: each transaction adds up to zero and follows the one before, and each balance is what its entries come to. Postings wait for the end only. */
export async function check(db: Db): Promise<BookReport> {
  const reading = new Reading();
  await reading.on(db);
  return transact(db, (tx) => reading.finish(tx));
}

/** As a part of its caller's transaction. */
export async function checkIn(tx: Tx): Promise<BookReport> {
  return new Reading().finish(tx);
}

/** Makes the balances anew from the entries: set, not added, so that doing it again changes nothing (M25). */
export function rebuild(db: Db): Promise<void> {
  return transact(db, async (tx) => {
    await store.lockHead(tx);
    const reading = new Reading();
    await reading.on(tx);
    await store.replaceBalances(tx, reading.balances);
  });
}

/** What is found while the book is read from its begin. */
class Reading {
  readonly balances = new Map<Account, bigint>();
  readonly #faults: string[] = [];
  #last: store.Head = { seq: 0, hash: GENESIS };

  /** Reads on to the end of what is there. */
  async on(on: Db | Tx): Promise<void> {
    for (;;) {
      const page = await store.listPosted(on, this.#last.seq, PAGE);
      for (const posted of page) this.#read(posted);
      if (page.length < PAGE) return;
    }
  }

  /** Reads what has come meanwhile, and compares while nobody posts. */
  async finish(tx: Tx): Promise<BookReport> {
    const { seq, hash } = await store.lockHead(tx);
    await this.on(tx);
    const { balances } = this;
    const kept = await store.balances(tx, '');
    for (const account of new Set([...balances.keys(), ...kept.keys()]))
      if ((balances.get(account) ?? 0n) !== (kept.get(account) ?? 0n))
        this.#found(`${account} is kept as ${kept.get(account) ?? 0n}, its entries come to ${balances.get(account) ?? 0n}`);
    const last = this.#last;
    if (seq !== last.seq || hash !== last.hash) this.#found(`the head is transaction ${seq}, the last one in the book is ${last.seq}`);
    return { transactions: last.seq, headHash: last.hash, faults: this.#faults };
  }

  #read(posted: store.Posted): void {
    const sum = posted.postings.reduce((total, { amountMicros }) => total + amountMicros, 0n);
    const last = this.#last;
    if (sum !== 0n) this.#found(`transaction ${posted.seq} (${posted.id}) adds up to ${sum}`);
    if (posted.seq !== last.seq + 1) this.#found(`after transaction ${last.seq} comes ${posted.seq}`);
    if (hashOf(last.hash, posted) !== posted.hash) this.#found(`transaction ${posted.seq} (${posted.id}) is not what its hash says`);
    for (const { account, amountMicros } of posted.postings) this.balances.set(account, (this.balances.get(account) ?? 0n) + amountMicros);
    this.#last = posted;
  }

  #found(fault: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(fault);
  }
}
