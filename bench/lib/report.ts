import type { Figure } from './bar.ts';
import { tableOf } from './table.ts';

/** What `npm run bench -- --json FILE` writes. */
export interface Report {
  readonly date: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly bars: readonly (Figure & { readonly id: string; readonly title: string; readonly verdict: string })[];
}

/** The part of docs/reference/performance.md that a run produces. */
export function markdownOf({ date, machine, versions, rounds, seconds, bars }: Report): string {
  const list = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${text(value)}`)
      .join(' · ');
  const doubts = bars.flatMap(({ id, what, doubts: all }) => all.map((doubt) => `- ${id}, ${what}: ${doubt}`));
  return [
    `Measured ${date.slice(0, 10)}, ${rounds} rounds of ${seconds} s an arm.`,
    `Machine: ${list(machine)}.`,
    `Versions: ${list(versions)}.`,
    tableOf(bars.map(({ id, title, ...figure }) => ({ id, title, figure }))),
    'What lies behind each figure, median (first–third quartile); `aa` is the same arm twice:',
    bars.map(({ id, what, details }) => `- **${id}** ${what}: ${list(details)}`).join('\n'),
    ...(doubts.length > 0 ? ['Why a figure is inconclusive:', doubts.join('\n')] : []),
  ].join('\n\n');
}

function text(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(3);
  if (Array.isArray(value)) return value.map(text).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
