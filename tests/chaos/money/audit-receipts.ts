import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { chargeOf, decimalOf, linesOf, microsOf, unitsOf } from './arithmetic.ts';
import { chargedCall, debitOf } from './audit-book.ts';
import type { Book, Evidence, PriceVersion, Receipt, UsageRow, WrittenReceipt } from './evidence.ts';
import type { Finding } from './findings.ts';

/** Signed receipts against the calls, prices and transactions that they name; each line and total is reckoned again. */
export function auditReceipts({ receipts, receiptKey, book }: Pick<Evidence, 'receipts' | 'receiptKey' | 'book'>): Finding[] {
  if (receipts.length === 0) return [];
  const key = createPublicKey(receiptKey);
  const keyId = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 32);
  const known = knownOf(book);
  return receipts.flatMap((receipt): Finding[] =>
    [...signatureFaults(receipt, key, keyId), ...contentFaults(receipt.receipt, known)].map((what) => ({ kind: 'wrong_receipt', id: receipt.receipt.id, what })),
  );
}

interface Known {
  readonly rows: ReadonlyMap<string, UsageRow>;
  readonly prices: ReadonlyMap<string, PriceVersion>;
  /** In the book, by call: where it stands, what was charged, and what of it was given back. */
  readonly charges: ReadonlyMap<string, { readonly seq: number; readonly hash: string; readonly amount: bigint }>;
  readonly refunded: ReadonlyMap<string, bigint>;
}

function knownOf({ usage, prices, transactions }: Book): Known {
  const charges = new Map<string, { seq: number; hash: string; amount: bigint }>();
  const refunded = new Map<string, bigint>();
  for (const transaction of transactions) {
    const { kind, reference, seq, hash } = transaction;
    const call = chargedCall(transaction);
    if (call !== undefined) charges.set(call, { seq, hash, amount: debitOf(transaction) });
    if (kind === 'refund') refunded.set(reference, (refunded.get(reference) ?? 0n) + debitOf(transaction));
  }
  return { rows: new Map(usage.map((row) => [row.id, row])), prices: new Map(prices.map((price) => [price.id, price])), charges, refunded };
}

function signatureFaults({ receipt, signature, key: named }: Receipt, key: KeyObject, keyId: string): string[] {
  const isSigned = verify(null, Buffer.from(canonical(receipt)), key, Buffer.from(signature, 'base64'));
  return [...(isSigned ? [] : ['its signature does not fit']), ...(named === keyId ? [] : [`it names the key ${named}`])];
}

function contentFaults({ id, usage, price, lines, total, refunded, chain }: WrittenReceipt, { rows, prices, charges, refunded: given }: Known): string[] {
  const row = rows.get(id);
  const version = row && prices.get(row.priceVersion);
  if (!row || !version || !price) return ['its call, or the price of that, is not known'];
  const faults: string[] = [];
  const expect = (what: string, says: unknown, due: unknown) => {
    if (canonical(says) !== canonical(due)) faults.push(`${what}: it says ${canonical(says)}, and should say ${canonical(due)}`);
  };
  const charge = charges.get(id);
  expect('usage', withoutZeros(usage), Object.fromEntries([...unitsOf(row)].map(([unit, count]) => [unit, Number(count)])));
  expect('price', [price.version, price.rates], [version.id, Object.fromEntries([...version.rates].map(([unit, micros]) => [unit, decimalOf(micros)]))]);
  expect('lines', byUnit(lines), byUnit(linesOf(row, version).map(({ unit, count, rate, per }) => ({ unit, quantity: Number(count), rate: decimalOf(rate), per: Number(per) }))));
  expect('total by its price', String(microsOf(total)), String(chargeOf(row, version)));
  expect('total in the book', String(microsOf(total)), String(charge?.amount ?? 0n));
  expect('refunded', String(microsOf(refunded)), String(given.get(id) ?? 0n));
  expect('place', chain, charge ? { seq: charge.seq, hash: charge.hash } : null);
  return faults;
}

const withoutZeros = (usage: WrittenReceipt['usage']) => Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== 0));
const byUnit = (lines: WrittenReceipt['lines']) => lines.toSorted((a, b) => (a.unit < b.unit ? -1 : 1));

/** RFC 8785, for text, whole numbers, lists and objects. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}
