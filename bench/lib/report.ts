import type { Figure } from './bar.ts';
import type { Chart } from './chart.ts';
import { tableOf } from './table.ts';

/** What `npm run bench -- --json FILE` writes. */
export interface Report {
  readonly date: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly bars: readonly (Figure & { readonly id: string; readonly title: string; readonly verdict: string })[];
  readonly charts: readonly Chart[];
}

/** Several runs, and what each contributed: a bar or chart that was measured again replaces the earlier figure. */
export interface Combined extends Pick<Report, 'bars' | 'charts'> {
  readonly runs: readonly Report[];
}

export function combine(runs: readonly Report[]): Combined {
  const bars = new Map<string, Report['bars'][number][]>();
  const charts = new Map<string, Chart>();
  for (const run of runs) {
    for (const [id, figures] of Map.groupBy(run.bars, (bar) => bar.id)) bars.set(id, figures);
    for (const chart of run.charts) charts.set(chart.name, chart);
  }
  const kept = new Set<unknown>([...[...bars.values()].flat(), ...charts.values()]);
  /** P1, P2 … P10, and then what is of other requirements. */
  const order = (id: string) => (id.startsWith('P') ? 0 : 1_000) + Number(id.slice(1));
  return {
    runs: runs.map((run) => ({ ...run, bars: run.bars.filter((bar) => kept.has(bar)), charts: run.charts.filter((chart) => kept.has(chart)) })),
    bars: [...bars].toSorted(([a], [b]) => order(a) - order(b)).flatMap(([, figures]) => figures),
    charts: [...charts.values()],
  };
}

/** The parts of docs/reference/performance.md that runs produce, by the name of their marks; the pictures are in `folder`. */
export function markdownOf({ runs, bars, charts }: Combined, folder: string): Readonly<Record<'measured' | 'details', string>> {
  const doubts = bars.flatMap(({ id, what, doubts: all }) => all.map((doubt) => `- ${id}, ${what}: ${doubt}`));
  return {
    measured: [
      runs.map(headOf).join('\n\n'),
      tableOf(bars.map(({ id, title, ...figure }) => ({ id, title, figure }))),
      ...(doubts.length > 0 ? ['Why a figure is inconclusive:', doubts.join('\n')] : []),
      ...charts.map((chart) => pictureOf(chart, folder)),
    ].join('\n\n'),
    details: bars.map(({ id, what, details }) => `- **${id}** ${what}: ${list(details)}`).join('\n'),
  };
}

function headOf({ date, machine, versions, rounds, seconds, bars, charts }: Report): string {
  const names = [...new Set(bars.map(({ id }) => id)), ...charts.map(({ name }) => name)].join(', ');
  return `Measured ${date.slice(0, 10)}, ${rounds} rounds of ${seconds} s an arm: ${names}. Machine: ${list(machine)}. Versions: ${list(versions)}.`;
}

function pictureOf({ name, title, doubts }: Chart, folder: string): string {
  return [`![${title}](${folder}/${name}.svg)`, ...doubts.map((doubt) => `Disturbed: ${doubt}.`)].join('\n\n');
}

function list(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${text(value)}`)
    .join(' · ');
}

function text(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(3);
  if (Array.isArray(value)) return value.map(text).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
