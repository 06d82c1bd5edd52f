import { linkOf } from './arithmetic.ts';
import type { Book, Transaction } from './evidence.ts';
import type { Finding } from './findings.ts';

const GENESIS = '0'.repeat(64);
const NEVER_NEGATIVE = /^(wallet|leased|payable)\//;

/** What is wrong with the book by itself. */
export function auditBook(book: Book): Finding[] {
  return [...transactionFaults(book), ...balanceFaults(book), ...leaseFaults(book), ...refundFaults(book)];
}

function transactionFaults({ transactions, head }: Book): Finding[] {
  const found: Finding[] = [];
  let before = { seq: 0, hash: GENESIS };
  for (const transaction of transactions) {
    const { seq, id, hash, entries } = transaction;
    const sum = entries.reduce((total, { amount }) => total + amount, 0n);
    if (sum !== 0n) found.push({ kind: 'unbalanced', id, what: `its entries come to ${sum}` });
    if (seq !== before.seq + 1) found.push({ kind: 'broken_link', id, what: `number ${seq} after ${before.seq}` });
    const link = linkOf(before.hash, transaction);
    if (link !== hash) found.push({ kind: 'broken_link', id, what: `its hash is ${hash.slice(0, 12)}, it should be ${link.slice(0, 12)}` });
    before = { seq, hash };
  }
  if (head.seq !== before.seq || head.hash !== before.hash) found.push({ kind: 'broken_link', id: 'head', what: `the head is number ${head.seq}, the last one is ${before.seq}` });
  return found;
}

/** Every account, from its entries alone. */
function foldOf(transactions: readonly Transaction[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { entries } of transactions) for (const { account, amount } of entries) sums.set(account, (sums.get(account) ?? 0n) + amount);
  return sums;
}

function balanceFaults({ transactions, balances }: Book): Finding[] {
  const folded = foldOf(transactions);
  return [...new Set([...folded.keys(), ...balances.keys()])].flatMap((account) => {
    const sum = folded.get(account) ?? 0n;
    const kept = balances.get(account) ?? 0n;
    const found: Finding[] = [];
    if (sum !== kept) found.push({ kind: 'wrong_balance', id: account, what: `it is kept as ${kept}, its entries come to ${sum}` });
    const isDebt = account.startsWith('receivable/');
    if ((NEVER_NEGATIVE.test(account) && (sum < 0n || kept < 0n)) || (isDebt && sum > 0n)) found.push({ kind: 'negative_balance', id: account, what: `it holds ${sum}` });
    return found;
  });
}

/** After everything has ended nothing may be held: no lease is open, none holds money, and no budget counts one. */
function leaseFaults({ leases, transactions, budgetPeriods }: Book): Finding[] {
  const held = new Map<string, bigint>();
  for (const [account, amount] of foldOf(transactions)) {
    const [kind, lease = ''] = account.split('/');
    if (kind === 'leased') held.set(lease, (held.get(lease) ?? 0n) + amount);
  }
  const open = leases.filter(({ state }) => state === 'open').map(({ id, gateway }): Finding => ({ kind: 'open_lease', id, what: `a lease of ${gateway} is open` }));
  const holding = [...held].filter(([, amount]) => amount !== 0n).map(([id, amount]): Finding => ({ kind: 'open_lease', id, what: `it holds ${amount}` }));
  const counted = budgetPeriods
    .filter(({ leased }) => leased !== 0n)
    .map(({ budget, leased }): Finding => ({ kind: 'open_lease', id: budget, what: `a budget counts ${leased} as leased` }));
  return [...open, ...holding, ...counted];
}

/** What a transaction moves. */
export const debitOf = ({ entries }: Transaction): bigint => entries.reduce((sum, { amount }) => (amount < 0n ? sum - amount : sum), 0n);

function refundFaults({ transactions }: Book): Finding[] {
  const refunded = new Map<string, bigint>();
  for (const transaction of transactions)
    if (transaction.kind === 'refund') refunded.set(transaction.reference, (refunded.get(transaction.reference) ?? 0n) + debitOf(transaction));
  const charged = new Map(transactions.filter(({ kind }) => kind === 'settle').map((transaction) => [transaction.id, debitOf(transaction)]));
  return [...refunded].flatMap(([id, amount]): Finding[] => {
    const charge = charged.get(id) ?? 0n;
    return amount > charge ? [{ kind: 'wrong_refund', id, what: `${amount} of ${charge}` }] : [];
  });
}

/** The call that a settling transaction is of: its id, or what it ends in. */
export function chargedCall({ kind, id }: Transaction): string | undefined {
  return kind === 'settle' ? (/req_\w+$/.exec(id)?.[0] ?? id) : undefined;
}
