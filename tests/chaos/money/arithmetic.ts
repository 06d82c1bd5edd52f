import { createHash } from 'node:crypto';
import type { PriceVersion, Transaction, UsageRow } from './evidence.ts';

/** The auditor's own reckoning, written from DESIGN.md section 6 and not from the product's code. */

/** So many of a unit cost one rate. */
const PER: Readonly<Record<string, bigint>> = {
  input_tokens: 1_000_000n,
  cached_tokens: 1_000_000n,
  output_tokens: 1_000_000n,
  requests: 1_000n,
  rows: 1_000n,
  bytes: 1_000_000_000n,
  compute_ms: 3_600_000n,
};

/** How many of each unit a row is charged for; none, when it did not end well and brought nothing. */
export function unitsOf(row: UsageRow): Map<string, bigint> {
  const isTaken = row.status === 'cancelled' && row.promptTokens > 0;
  if (row.status !== 'ok' && row.completionTokens === 0 && row.rows === 0 && !isTaken) return new Map();
  const cached = row.cachedTokens > row.promptTokens ? row.promptTokens : row.cachedTokens;
  const computeMs = row.queueMs === undefined ? 0 : Math.ceil(row.durationMs - row.queueMs);
  const counts: [string, number][] = [
    ['input_tokens', row.promptTokens - cached],
    ['cached_tokens', cached],
    ['output_tokens', row.completionTokens],
    ['requests', 1],
    ['rows', row.rows],
    ['bytes', row.requestBytes + row.responseBytes],
    ['compute_ms', computeMs],
  ];
  return new Map(counts.filter(([, count]) => count !== 0).map(([unit, count]) => [unit, BigInt(count)]));
}

/** An exact fraction of a micro-unit. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

function plus(a: Fraction, b: Fraction): Fraction {
  const over = a.over * b.under + b.over * a.under;
  const under = a.under * b.under;
  const common = divisorOf(over, under);
  return { over: over / common, under: under / common };
}

function divisorOf(a: bigint, b: bigint): bigint {
  return b === 0n ? (a === 0n ? 1n : a) : divisorOf(b, a % b);
}

/** So many of a unit, at a rate for so many. */
export interface Line {
  readonly unit: string;
  readonly count: bigint;
  readonly rate: bigint;
  readonly per: bigint;
}

/** What of a row is charged for by a price. */
export function linesOf(row: UsageRow, { rates }: PriceVersion): Line[] {
  return [...unitsOf(row)].flatMap(([unit, count]) => {
    const rate = rates.get(unit) ?? (unit === 'cached_tokens' ? rates.get('input_tokens') : undefined);
    return rate === undefined ? [] : [{ unit, count, rate, per: PER[unit] ?? 1n }];
  });
}

/** What a row costs by a price, in micro-units: each unit's part exactly, and the sum rounded up once. */
export function chargeOf(row: UsageRow, price: PriceVersion): bigint {
  let sum: Fraction = { over: 0n, under: 1n };
  for (const { count, rate, per } of linesOf(row, price)) sum = plus(sum, { over: count * rate, under: per });
  const whole = sum.over / sum.under;
  return whole * sum.under === sum.over ? whole : whole + 1n;
}

export function microsOf(decimal: string): bigint {
  const [whole = '0', part = ''] = decimal.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(part.padEnd(6, '0'));
}

/** Two to six digits behind the point. */
export function decimalOf(micros: bigint): string {
  const digits = micros.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6, -4)}${digits.slice(-4).replace(/0+$/, '')}`;
}

/** Who gets how much of a charge, by account: tax first and the publisher's share of the rest, both rounded down; what is left is the platform's. */
export function sharesOf(charge: bigint, price: PriceVersion): Map<string, bigint> {
  const tax = (charge * price.taxBasisPoints) / 10_000n;
  const publisher = ((charge - tax) * price.publisherBasisPoints) / 10_000n;
  const shares: [string, bigint][] = [
    ['tax', tax],
    [`payable/${price.publisher}`, publisher],
    ['revenue', charge - tax - publisher],
  ];
  return new Map(shares.filter(([, amount]) => amount !== 0n));
}

/** What a transaction's hash must be after the one before. */
export function linkOf(before: string, { seq, id, kind, orgId, reference, createdAt, entries }: Transaction): string {
  const lines = entries.map(({ account, amount }) => [account, String(amount)]);
  return createHash('sha256')
    .update(JSON.stringify([before, seq, id, kind, orgId, reference, createdAt, lines]))
    .digest('hex');
}
