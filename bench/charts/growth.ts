import type { Charting } from '../lib/chart.ts';
import { grownBy, growthRounds } from '../lib/growth-rounds.ts';
import { compare, type Metric } from '../lib/rounds.ts';

const ROWS = [10_000, 100_000, 1_000_000] as const;
const EMPTY = 'empty';
/** Names that are numbers would come before the empty one. */
const nameOf = (rows: number) => `rows ${rows}`;
const METRICS: Readonly<Record<string, Metric>> = {
  'CPU per call': (sample) => sample.cpuUsPerCall,
  p50: (sample) => sample.p50Ms,
  p99: (sample) => sample.p99Ms,
};

/** What a gateway on a grown database is beside one on an empty one, at the same rate. */
export const growth: Charting = {
  name: 'growth',
  async run(context) {
    const sizes = Object.fromEntries(ROWS.map((rows) => [nameOf(rows), grownBy(rows)]));
    const { open, unsent } = await growthRounds({ [EMPTY]: undefined, ...sizes }, context);
    const memory = (arm: string) => (open.residentBytes[arm] ?? Number.NaN) / (open.residentBytes[EMPTY] ?? Number.NaN);
    const line = (name: string, of: (arm: string) => number) => ({ name, points: ROWS.map((rows) => [rows, of(nameOf(rows))] as const) });
    return {
      title: 'Growth: against an empty database, at the same rate of calls',
      x: { label: 'usage rows (a key for each 10, a model for each 100)', isLogarithmic: true },
      y: { label: 'times as much' },
      lines: [...Object.entries(METRICS).map(([name, metric]) => line(name, (arm) => compare(open, [arm, EMPTY], metric).median)), line('resident memory', memory)],
      doubts: [...open.doubts, ...unsent],
    };
  },
};
