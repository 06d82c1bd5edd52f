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
    const sum = order.postings.reduce((total, { amountMicros }) => total + amountMicros, 0n);
    if (sum !== 0n) throw unbalanced(order.id, sum);
    const before = known.get(order.id) ?? fresh.get(order.id);
    if (before && !sameLines(before.postings, order.postings)) throw transactionConflict(order.id);
    if (!before && order.postings.length > 0) fresh.set(order.id, order);
  }
  const posted: store.Posted[] = [];
  let { seq, hash } = head;
  for (const order of fresh.values()) {
    seq++;
    const hashed = { ...order, seq, createdAt: now };
    hash = hashOf(hash, hashed);
    posted.push({ ...hashed, hash });
  }
  await store.append(tx, posted);
  return new Set(fresh.keys());
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

/** Reads the whole book anew: each transaction adds up to zero and follows the one before, and each balance is what its entries come to. */
export async function check(db: Db): Promise<BookReport> {
  const faults: string[] = [];
  const found = (fault: string) => faults.length < FAULTS_MAX && faults.push(fault);
  let last = { seq: 0, hash: GENESIS };
  const folded = await fold(db, (posted) => {
    const sum = posted.postings.reduce((total, { amountMicros }) => total + amountMicros, 0n);
    if (sum !== 0n) found(`transaction ${posted.seq} (${posted.id}) adds up to ${sum}`);
    if (posted.seq !== last.seq + 1) found(`after transaction ${last.seq} comes ${posted.seq}`);
    if (hashOf(last.hash, posted) !== posted.hash) found(`transaction ${posted.seq} (${posted.id}) is not what its hash says`);
    last = posted;
  });
  const kept = await store.balances(db, '');
  for (const account of new Set([...folded.keys(), ...kept.keys()]))
    if ((folded.get(account) ?? 0n) !== (kept.get(account) ?? 0n)) found(`${account} is kept as ${kept.get(account) ?? 0n}, its entries come to ${folded.get(account) ?? 0n}`);
  const { seq, hash } = await transact(db, (tx) => store.lockHead(tx));
  if (seq !== last.seq || hash !== last.hash) found(`the head is transaction ${seq}, the last one in the book is ${last.seq}`);
  return { transactions: last.seq, headHash: last.hash, faults };
}

/** Makes the balances anew from the entries: set, not added, so that doing it again changes nothing (M25). */
export function rebuild(db: Db): Promise<void> {
  return transact(db, async (tx) => {
    await store.lockHead(tx);
    await store.replaceBalances(tx, await fold(tx, () => undefined));
  });
}

async function fold(on: Db | Tx, each: (posted: store.Posted) => void): Promise<Map<Account, bigint>> {
  const sums = new Map<Account, bigint>();
  for (let after = 0; ;) {
    const page = await store.listPosted(on, after, PAGE);
    for (const posted of page) {
      each(posted);
      for (const { account, amountMicros } of posted.postings) sums.set(account, (sums.get(account) ?? 0n) + amountMicros);
    }
    const last = page.at(-1);
    if (!last) return sums;
    after = last.seq;
  }
}
