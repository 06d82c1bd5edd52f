import { expect, test } from 'vitest';
import { costText } from './cost-view.ts';
import { moment } from './flags.ts';

type Report = Parameters<typeof costText>[0];
type Figures = Report['totals'];

const figures = (computeMicros: number, idleMicros: number, more: Partial<Figures> = {}): Figures => ({
  cpuMicros: computeMicros,
  memoryMicros: 0,
  gpuMicros: 0,
  hardwareMicros: computeMicros,
  powerMicros: 0,
  computeMicros,
  idleMicros,
  maintenanceMicros: 0,
  storageMicros: 1,
  transferMicros: 0,
  datasetsMicros: 0,
  dataMicros: 1,
  totalMicros: computeMicros + idleMicros + 1,
  calls: 0,
  tokens: 0,
  perThousandCallsMicros: null,
  perMillionTokensMicros: null,
  cpuUtilisation: null,
  memoryUtilisation: null,
  ...more,
});
const report: Report = {
  by: 'model',
  since: Date.parse('2026-01-01T00:00Z'),
  until: Date.parse('2026-01-02T00:00Z'),
  upSeconds: 5_400,
  currency: 'EUR',
  idleRule: 'none',
  defaultRates: ['currency', 'power.pue', 'power.idleKilowatts'],
  data: [
    {
      group: 'a-model-with-a-name-that-is-long-enough-to-be-cut',
      ...figures(1_234_567_891, 0, { calls: 1_200, perThousandCallsMicros: 12 }),
      sold: {
        per: 'million_tokens',
        priceMicros: 500_000,
        marginMicros: -1_000_000,
        marginShare: -2,
        breakEvenUtilisation: 1.4,
        warning: 'Priced at 0.50 EUR per million tokens, under its cost of 1.50: it would not pay at full utilisation either (it had 25 %).',
      },
    },
    { group: 'b', ...figures(333_333, 0), sold: null },
  ],
  totals: figures(1_234_901_224, 7, { dataMicros: 2, totalMicros: 1_234_901_233 }),
  assets: {
    costMicros: 1_234_901_231,
    allocatedMicros: 1_234_901_224,
    idleMicros: 7,
    unsharedIdleMicros: 7,
    unsharedMaintenanceMicros: 0,
    cpuUtilisation: 0.031,
    memoryUtilisation: null,
  },
};

test('Q9: the table adds up as printed, down and across, and fits 80 columns', () => {
  const text = costText(report, 80);
  const lines = text.split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const begin = lines.findIndex((line) => line.includes('COMPUTE'));
  const end = lines.findIndex((line) => line.startsWith('TOTAL'));
  const micros = (cell: string) => Math.round(Number(cell) * 1_000_000);
  const rows = lines.slice(begin + 1, end + 1).map((line) => line.trim().split(/ {2,}/).slice(1).map(micros));
  expect(rows).toHaveLength(4);
  for (const row of rows) expect((row[0] ?? 0) + (row[1] ?? 0) + (row[2] ?? 0) + (row[3] ?? 0)).toBe(row[4]);
  const [a = [], b = [], unshared = [], total = []] = rows;
  for (const column of [0, 1, 2, 3, 4]) expect((a[column] ?? 0) + (b[column] ?? 0) + (unshared[column] ?? 0)).toBe(total[column]);
  expect(text).toContain('Machines 1234.901231 = allocated 1234.901224 + idle 0.000007; idle is not');
});

test('defaults are told as defaults, and a warning stands under the prices', () => {
  const text = costText(report, Number.POSITIVE_INFINITY);
  expect(text).toContain('3 rates are defaults, not yours: currency; power: pue, idleKilowatts.');
  expect(text).toMatch(/^a-model.*: Priced at 0\.50 EUR per million tokens, under its cost of 1\.50/m);
  expect(text).toContain('Engines used 3.1 % of the CPU and none of the memory.');
  expect(costText({ ...report, assets: null, defaultRates: [] }, 80)).not.toMatch(/Machines|defaults|not shared/);
});

test('times are dates, or back from now', () => {
  const now = Date.parse('2026-01-31T12:00Z');
  expect(moment('7d', now, '--since')).toBe(Date.parse('2026-01-24T12:00Z'));
  expect(moment('24h', now, '--since')).toBe(Date.parse('2026-01-30T12:00Z'));
  expect(moment('2026-01-01', now, '--since')).toBe(Date.parse('2026-01-01T00:00Z'));
  for (const wrong of ['yesterday', '7', '7w', '2026-13-01', '']) expect(() => moment(wrong, now, '--since'), wrong).toThrow('--since');
});
