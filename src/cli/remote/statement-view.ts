import { table } from '../terminal.ts';

interface Calls {
  readonly deployment: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly rows: number;
  readonly gross: string;
}

export interface Statement {
  readonly kind: 'consumer' | 'publisher' | 'platform';
  readonly org: string | null;
  readonly from: number;
  readonly to: number;
  readonly currency: string;
  readonly opening: string;
  readonly lines: readonly {
    readonly kind: string;
    readonly amount: string;
    readonly of: Calls | null;
  }[];
  readonly closing: string;
  readonly held: string;
  readonly owed: string;
  readonly accounts: readonly { readonly account: string; readonly opening: string; readonly change: string; readonly closing: string }[];
  readonly foots: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  top_up: 'top-ups',
  gift: 'gifts',
  charge: 'charged',
  refund: 'refunds',
  expired: 'expired',
  overage: 'beyond credit, owed',
  debt_paid: 'paid of what was owed',
  earned: 'earned',
  paid_out: 'paid out',
};

/** What calls used, a column each; those in which nothing stands are left out. */
const USES: readonly { readonly heading: string; of(calls: Calls, kind: Statement['kind']): string }[] = [
  { heading: 'CALLS', of: ({ calls }) => String(calls) },
  { heading: 'IN', of: ({ inputTokens, cachedTokens }) => String(inputTokens + cachedTokens) },
  { heading: 'OUT', of: ({ outputTokens }) => String(outputTokens) },
  { heading: 'ROWS', of: ({ rows }) => String(rows) },
  { heading: 'GROSS', of: ({ gross }, kind) => (kind === 'publisher' ? gross : '0') },
];

/** Amounts end at the same column, to be read down. */
export function statementText(statement: Statement, columns: number): string {
  const { kind, org, from, to, currency, opening, lines, closing, foots } = statement;
  const head = `${org ?? 'the platform'}, ${kind}, ${day(from)} to ${day(to - 1)}, in ${currency}`;
  const verdict = foots ? 'It adds up, and the balances say the same.' : 'IT DOES NOT ADD UP to what the balances say.';
  if (kind === 'platform') {
    const accounts = statement.accounts.map((line) => [line.account, line.opening, line.change, line.closing]);
    return [head, '', table(['ACCOUNTS', 'OPENING', 'CHANGE', 'CLOSING'], right([...accounts, ['all', opening, '', closing]], [1, 2, 3]), columns), '', verdict].join('\n');
  }
  const uses = USES.filter(({ of }) => lines.some((line) => line.of && of(line.of, kind) !== '0'));
  const row = (name: string, amount: string, of: Calls | null = null) => [name, ...uses.map((use) => (of ? use.of(of, kind) : '')), amount];
  const rows = [
    row('opening', opening),
    ...lines.map((line) => row(`${NAMES[line.kind] ?? line.kind}${line.of ? ` ${line.of.deployment}` : ''}`, line.amount, line.of)),
    row('closing', closing),
  ];
  const notes = [isZero(statement.held) ? '' : `Of it gateways hold ${statement.held} for calls.`, isZero(statement.owed) ? '' : `Beyond credit ${statement.owed} is owed.`];
  return [
    head,
    '',
    table(
      ['', ...uses.map(({ heading }) => heading), 'AMOUNT'],
      right(
        rows,
        [...uses, ''].map((_, index) => index + 1),
      ),
      columns,
    ),
    '',
    ...notes.filter(Boolean),
    verdict,
  ].join('\n');
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function isZero(amount: string): boolean {
  return !/[1-9]/.test(amount);
}

/** Texts of these columns made as wide as the widest, so that they end together. */
function right(rows: readonly (readonly string[])[], columns: readonly number[]): string[][] {
  const width = (column: number) => Math.max(...rows.map((row) => (row[column] ?? '').length));
  const widths = new Map(columns.map((column) => [column, width(column)]));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths.get(column) ?? 0)));
}
