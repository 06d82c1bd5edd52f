import { type Figure, reachesAim, verdictOf } from './bar.ts';

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly figure: Figure;
}

const HEADER = ['id', 'what', 'figure', 'IQR', 'floor', 'aim', 'verdict'] as const;

/** One line a figure, as Markdown; it reads as well in a terminal. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ id, title, figure }) => [
    id,
    `${title}: ${figure.what}`,
    number(figure.figure),
    figure.iqr ? figure.iqr.map(number).join('–') : '',
    bound(figure, figure.floor),
    bound(figure, figure.aim),
    verdictText(figure),
  ]);
  const widths = HEADER.map((head, column) => Math.max(head.length, ...cells.map((line) => (line[column] ?? '').length)));
  const line = (texts: readonly string[]) => `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(HEADER), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** What stood against the figures that prove nothing. */
export function doubtsText(rows: readonly Row[]): string {
  return rows.flatMap(({ id, figure }) => figure.doubts.map((doubt) => `${id} (${figure.what}): ${doubt}`)).join('\n');
}

function verdictText(figure: Figure): string {
  const verdict = verdictOf(figure);
  return verdict === 'met' && reachesAim(figure) ? 'met, aim too' : verdict;
}

function bound({ better }: Figure, value: number): string {
  return `${better === 'higher' ? '≥' : '≤'} ${value}`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 3 : 1);
}
