import { chargeOf, unitsOf } from './arithmetic.ts';
import type { Book, Budget, Evidence, UsageRow } from './evidence.ts';
import type { Finding } from './findings.ts';

/** Calls of one budget, by when their period began. */
type ByPeriod = ReadonlyMap<number, readonly UsageRow[]>;

/** Whether quotas and budgets count what their calls come to, and whether none was used beyond its limit. */
export function auditLimits({ book }: Pick<Evidence, 'book'>): Finding[] {
  const sides = { root: rootsOf(book), amountOf: amountsOf(book), excess: excessOf(book) };
  return book.budgets.flatMap((budget) => budgetFaults(budget, book, sides));
}

interface Sides {
  /** The first key of a line of keys that have replaced one another. */
  root(key: string): string;
  amountOf(budget: Budget, row: UsageRow): bigint;
  /** By lease: what its calls cost beyond what it was given. */
  readonly excess: ReadonlyMap<string, bigint>;
}

function budgetFaults(budget: Budget, { usage, budgetPeriods }: Book, { root, amountOf, excess }: Sides): Finding[] {
  const { id, isHard, limit, unit } = budget;
  const calls: ByPeriod = Map.groupBy(
    usage.filter((row) => isUnder(budget, row, root)),
    ({ startedAt }) => periodStart(budget.period, startedAt),
  );
  const counted = new Map(budgetPeriods.filter((period) => period.budget === id).map(({ start, used }) => [start, used]));
  return [...new Set([...calls.keys(), ...counted.keys()])].flatMap((start): Finding[] => {
    const rows = calls.get(start) ?? [];
    const used = rows.reduce((sum, row) => sum + amountOf(budget, row), 0n);
    const kept = counted.get(start) ?? 0n;
    const found: Finding[] = [];
    if (used !== kept) found.push({ kind: 'wrong_count', id, what: `it counts ${kept} ${unit}, its ${rows.length} calls come to ${used}` });
    const beyond = [...new Set(rows.map(({ lease }) => lease))].reduce((sum, lease) => sum + (excess.get(lease) ?? 0n), 0n);
    const most = kept > used ? kept : used;
    if (isHard && most > limit + beyond) found.push({ kind: 'over_limit', id, what: `${most} ${unit} of ${limit} are used; its calls cost ${beyond} beyond their leases` });
    return found;
  });
}

function isUnder({ orgId, keyId, subscription }: Budget, row: UsageRow, root: Sides['root']): boolean {
  if (row.priceVersion === '' || row.orgId !== orgId) return false;
  if (subscription !== undefined) return row.subscription === subscription;
  return keyId === undefined || root(row.keyId) === root(keyId);
}

function amountsOf({ prices }: Book): Sides['amountOf'] {
  const byId = new Map(prices.map((price) => [price.id, price]));
  return ({ unit }, row) => {
    if (unit === 'requests') return unitsOf(row).size > 0 ? 1n : 0n;
    if (unit === 'tokens') return unitsOf(row).size > 0 ? BigInt(row.promptTokens + row.completionTokens) : 0n;
    const price = byId.get(row.priceVersion);
    return price ? chargeOf(row, price) : 0n;
  };
}

function rootsOf({ keys }: Book): Sides['root'] {
  const replaces = new Map(keys.flatMap(({ id, replacedBy }) => (replacedBy === undefined ? [] : [[replacedBy, id] as const])));
  return (key) => {
    let first = key;
    for (let before = replaces.get(first); before !== undefined; before = replaces.get(first)) first = before;
    return first;
  };
}

/** A lease of money is given what the book moves into it. Calls that stay within what they hold never come to more. */
function excessOf({ usage, prices, transactions }: Book): Map<string, bigint> {
  const given = new Map<string, bigint>();
  for (const { entries } of transactions)
    for (const { account, amount } of entries) {
      const [kind, lease = ''] = account.split('/');
      if (kind === 'leased' && amount > 0n) given.set(lease, (given.get(lease) ?? 0n) + amount);
    }
  const byId = new Map(prices.map((price) => [price.id, price]));
  const charged = new Map<string, bigint>();
  for (const row of usage) {
    const price = byId.get(row.priceVersion);
    if (price && given.has(row.lease)) charged.set(row.lease, (charged.get(row.lease) ?? 0n) + chargeOf(row, price));
  }
  return new Map([...charged].map(([lease, amount]) => [lease, amount - (given.get(lease) ?? 0n)] as const).filter(([, beyond]) => beyond > 0n));
}

/** Days and months begin at midnight UTC; a total, at the beginning of time. */
function periodStart(period: string, at: number): number {
  if (period === 'total') return 0;
  const date = new Date(at).toISOString();
  return Date.parse(period === 'day' ? `${date.slice(0, 10)}T00:00:00Z` : `${date.slice(0, 7)}-01T00:00:00Z`);
}
