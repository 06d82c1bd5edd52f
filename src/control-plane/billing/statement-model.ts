import type { ChargedCalls, ClassSum } from './store.ts';

export const STATEMENT_KINDS = ['consumer', 'publisher', 'platform'] as const;
export type StatementKind = (typeof STATEMENT_KINDS)[number];

export const LINE_KINDS = ['top_up', 'gift', 'charge', 'refund', 'expired', 'overage', 'debt_paid', 'earned', 'paid_out', 'other'] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** What changed credit or earnings: positive adds. */
export interface StatementLine {
  readonly kind: LineKind;
  readonly amountMicros: bigint;
  /** Of charges and earnings. */
  readonly of?: ChargedCalls;
}

/** One kind of account of the platform's book. */
export interface AccountLine {
  readonly account: string;
  readonly openingMicros: bigint;
  readonly changeMicros: bigint;
  readonly closingMicros: bigint;
}

/** Opening + lines = closing, or it does not foot. */
export interface Figures {
  readonly openingMicros: bigint;
  readonly lines: readonly StatementLine[];
  readonly closingMicros: bigint;
  /** Of closing: what gateways hold by leases. Of consumers. */
  readonly heldMicros: bigint;
  /** What was used beyond credit, up to the end. Of consumers. */
  readonly owedMicros: bigint;
  /** Of the platform. */
  readonly accounts: readonly AccountLine[];
  /** To the unit: the lines add up to closing, and closing is what the balances say. */
  readonly foots: boolean;
}

type Amounts = readonly Pick<ClassSum, 'kind' | 'sumMicros'>[];
const sum = (amounts: readonly { readonly sumMicros: bigint }[]) => amounts.reduce((total, { sumMicros }) => total + sumMicros, 0n);
const sumLines = (lines: readonly StatementLine[]) => lines.reduce((total, { amountMicros }) => total + amountMicros, 0n);
const written = (lines: readonly StatementLine[]) => lines.filter(({ amountMicros, of }) => amountMicros !== 0n || of);
/** Accounts that are an organisation's credit. */
const isCredit = ({ accounts }: ClassSum) => accounts === 'wallet' || accounts === 'leased';

/** What the book says of a span, of what was before, and of what came after. */
export interface Spans<Sum> {
  readonly before: readonly Sum[];
  readonly within: readonly Sum[];
  readonly after: readonly Sum[];
}

/** @param keptMicros what the balances say now of the organisation's credit */
export function consumerFigures({ before, within, after }: Spans<ClassSum>, charges: readonly ChargedCalls[], keptMicros: bigint): Figures {
  const openingMicros = sum(before.filter(isCredit));
  const credit = (...kinds: string[]) => sum(within.filter((entry) => isCredit(entry) && kinds.includes(entry.kind)));
  const overage = -sum(within.filter(({ kind, accounts }) => kind === 'settle' && accounts === 'receivable'));
  const lines: StatementLine[] = [
    { kind: 'top_up', amountMicros: credit('top_up') },
    { kind: 'gift', amountMicros: credit('give_credit') },
    ...charges.map((of): StatementLine => ({ kind: 'charge', amountMicros: -of.chargedMicros, of })),
    { kind: 'overage', amountMicros: overage },
    { kind: 'refund', amountMicros: credit('refund') },
    { kind: 'debt_paid', amountMicros: credit('collect') },
    { kind: 'expired', amountMicros: credit('expire', 'return', 'abandon') },
  ];
  // Leases move credit, and do not change it.
  const known = new Set(['top_up', 'give_credit', 'settle', 'refund', 'collect', 'expire', 'return', 'abandon']);
  lines.push({ kind: 'other', amountMicros: sum(within.filter((entry) => isCredit(entry) && !known.has(entry.kind))) });
  const closingMicros = openingMicros + sum(within.filter(isCredit));
  const until = [...before, ...within];
  return {
    openingMicros,
    lines: written(lines),
    closingMicros,
    heldMicros: sum(until.filter(({ accounts }) => accounts === 'leased')),
    owedMicros: -sum(until.filter(({ accounts }) => accounts === 'receivable')),
    accounts: [],
    foots: openingMicros + sumLines(lines) === closingMicros && closingMicros === keptMicros - sum(after.filter(isCredit)),
  };
}

/** @param keptMicros what the balances say now that the publisher has earned and was not paid out */
export function publisherFigures({ before, within, after }: Spans<Amounts[number]>, earnings: readonly ChargedCalls[], keptMicros: bigint): Figures {
  const openingMicros = sum(before);
  const of = (kind: string) => sum(within.filter((entry) => entry.kind === kind));
  const known = new Set(['settle', 'refund', 'pay_out']);
  const lines: StatementLine[] = [
    ...earnings.map((calls): StatementLine => ({ kind: 'earned', amountMicros: calls.shareMicros, of: calls })),
    { kind: 'refund', amountMicros: of('refund') },
    { kind: 'paid_out', amountMicros: of('pay_out') },
    { kind: 'other', amountMicros: sum(within.filter(({ kind }) => !known.has(kind))) },
  ];
  const closingMicros = openingMicros + sum(within);
  return {
    openingMicros,
    lines: written(lines),
    closingMicros,
    heldMicros: 0n,
    owedMicros: 0n,
    accounts: [],
    foots: openingMicros + sumLines(lines) === closingMicros && closingMicros === keptMicros - sum(after),
  };
}

const PLATFORM_ACCOUNTS = ['revenue', 'tax', 'breakage', 'promotion', 'receivable', 'cash', 'payable', 'wallet', 'leased'];

/** @param kept what the balances say now, by kind of account */
export function platformFigures({ before, within, after }: Spans<ClassSum>, kept: ReadonlyMap<string, bigint>): Figures {
  const of = (sums: readonly ClassSum[], account: string) => sum(sums.filter(({ accounts }) => accounts === account));
  const others = [...before, ...within, ...after].map(({ accounts }) => accounts);
  const accounts = [...new Set([...PLATFORM_ACCOUNTS, ...others, ...kept.keys()])].map((account): AccountLine => {
    const openingMicros = of(before, account);
    const changeMicros = of(within, account);
    return { account, openingMicros, changeMicros, closingMicros: openingMicros + changeMicros };
  });
  const openingMicros = accounts.reduce((total, line) => total + line.openingMicros, 0n);
  const closingMicros = accounts.reduce((total, line) => total + line.closingMicros, 0n);
  const isKept = accounts.every(({ account, closingMicros: closing }) => closing === (kept.get(account) ?? 0n) - of(after, account));
  return { openingMicros, lines: [], closingMicros, heldMicros: 0n, owedMicros: 0n, accounts, foots: openingMicros === 0n && closingMicros === 0n && isKept };
}
