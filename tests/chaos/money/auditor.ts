import { auditBook } from './audit-book.ts';
import { auditCalls, billedIds, surplusOf } from './audit-calls.ts';
import { auditLimits } from './audit-limits.ts';
import { auditReceipts } from './audit-receipts.ts';
import { auditTerms } from './audit-terms.ts';
import type { Evidence } from './evidence.ts';
import { type Finding, type Kind, KINDS } from './findings.ts';

/** What an audit comes to. Good: no finding. */
export interface Audit {
  /** Calls that a client received a whole answer of. */
  readonly answeredWhole: number;
  /** Calls with a usage row, and those of them with a charge in the book. */
  readonly recorded: number;
  readonly billed: number;
  /** Billed, though the client has no whole answer: cut by a kill, or left on purpose. */
  readonly cut: number;
  readonly left: number;
  readonly replayed: number;
  readonly transactions: number;
  readonly receipts: number;
  readonly findings: readonly Finding[];
}

/** Joins what the engine did, what clients saw, and what the product wrote. Knows nothing of the product's code. */
export function audit(evidence: Evidence): Audit {
  const { clients, book, receipts } = evidence;
  const { cut, left } = surplusOf(evidence);
  const whole = clients.filter(({ outcome }) => outcome === 'whole');
  return {
    answeredWhole: new Set(whole.map(({ id }) => id)).size,
    recorded: new Set(book.usage.map(({ id }) => id)).size,
    billed: billedIds(book).size,
    cut,
    left,
    replayed: whole.filter(({ isReplayed }) => isReplayed).length,
    transactions: book.transactions.length,
    receipts: receipts.length,
    findings: [...auditCalls(evidence), ...auditBook(book), ...auditLimits(evidence), ...auditTerms(evidence), ...auditReceipts(evidence)],
  };
}

const NAMED_MAX = 20;

/** The audit for people: a line a count, then what was found, each by its name. */
export function render({ findings, ...counts }: Audit): string {
  const line = (name: string, value: number, note = '') => `${name.padEnd(24)}${String(value).padStart(8)}${note && `   ${note}`}`;
  const byKind = Map.groupBy(findings, ({ kind }) => kind);
  return [
    line('answered whole', counts.answeredWhole),
    line('recorded', counts.recorded),
    line('billed', counts.billed),
    line('billed, client cut', counts.cut, 'its server or engine was killed'),
    line('billed, client left', counts.left, 'up to where it left'),
    line('repeats answered again', counts.replayed),
    line('transactions', counts.transactions),
    line('receipts', counts.receipts),
    ...(Object.keys(KINDS) as Kind[]).flatMap((kind) => {
      const of = byKind.get(kind) ?? [];
      const named = of.slice(0, NAMED_MAX).map(({ id, what }) => `  ${id}: ${what}`);
      return [line(kind.replaceAll('_', ' '), of.length, KINDS[kind]), ...named, ...(of.length > NAMED_MAX ? [`  and ${of.length - NAMED_MAX} more`] : [])];
    }),
  ].join('\n');
}
