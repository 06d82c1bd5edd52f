import type { ResultOf } from '@modelyard/sdk';
import { paint, table } from '../terminal.ts';
import { countText, timeText } from './format.ts';

const MICROS = 1_000_000;
const SECONDS_PER_HOUR = 3_600;
const HEADING = { model: 'MODEL', tenant: 'TENANT', day: 'DAY' } as const;
const UNITS = { thousand_calls: '1,000 calls', million_tokens: '1M tokens' } as const;

type Report = ResultOf<'get', '/api/v1/costs'>;
type Row = Report['data'][number];
type Rates = ResultOf<'get', '/api/v1/costs/rates'>['data'];

/** A report as tables that fit `columns`: amounts with all their digits, so that rows and columns add up as printed. */
export function costText(report: Report, columns: number): string {
  const { since, until, upSeconds, currency, data } = report;
  const range = `${timeText(since)} to ${timeText(until)}, in ${currency}; the server was up for ${(upSeconds / SECONDS_PER_HOUR).toFixed(2)} h of it`;
  const parts = [paint('dim', wrap(range, columns)), amountsTable(report, columns), unitsTable(report, columns)];
  if (data.some(({ sold }) => sold !== null)) parts.push(pricesText(data, columns));
  parts.push(wrap(machinesLine(report), columns), paint('dim', wrap(defaultsLine(report), columns)));
  return parts.filter((part) => part !== '').join('\n\n');
}

function amountsTable({ by, data, totals, assets }: Report, columns: number): string {
  const unshared = assets ? { idle: assets.unsharedIdleMicros, maintenance: assets.unsharedMaintenanceMicros } : { idle: 0, maintenance: 0 };
  const rest = unshared.idle + unshared.maintenance;
  const line = (name: string, of: Report['totals']) => [name, ...[of.computeMicros, of.idleMicros, of.maintenanceMicros, of.dataMicros, of.totalMicros].map(exact)];
  const rows = [
    ...data.map((row) => line(row.group, row)),
    ...(rest > 0 ? [['(not shared)', exact(0), exact(unshared.idle), exact(unshared.maintenance), exact(0), exact(rest)]] : []),
    line('TOTAL', totals),
  ];
  return rightAligned([HEADING[by], 'COMPUTE', 'IDLE', 'MAINTENANCE', 'DATA', 'TOTAL'], rows, columns);
}

function unitsTable({ by, data, totals }: Report, columns: number): string {
  const line = (name: string, of: Report['totals']) => [
    name,
    countText(of.calls),
    countText(of.tokens),
    short(of.perThousandCallsMicros),
    short(of.perMillionTokensMicros),
    share(of.cpuUtilisation),
    share(of.memoryUtilisation),
  ];
  const rows = [...data.map((row) => line(row.group, row)), line('TOTAL', totals)];
  return rightAligned([HEADING[by], 'CALLS', 'TOKENS', '/1K CALLS', '/1M TOKENS', 'CPU', 'MEM'], rows, columns);
}

function pricesText(data: readonly Row[], columns: number): string {
  const rows = data.flatMap(({ group, sold }) =>
    sold ? [[group, short(sold.priceMicros), UNITS[sold.per], short(sold.marginMicros), share(sold.marginShare), share(sold.breakEvenUtilisation)]] : [],
  );
  const warnings = data.flatMap(({ group, sold }) => (sold?.warning ? [paint('yellow', wrap(`${group}: ${sold.warning}`, columns))] : []));
  return [rightAligned(['MODEL', 'PRICE', 'PER', 'MARGIN', 'OF PRICE', 'PAYS FROM'], rows, columns), ...warnings].join('\n');
}

function machinesLine({ assets, idleRule }: Report): string {
  if (!assets) return '';
  const { costMicros, allocatedMicros, idleMicros, cpuUtilisation, memoryUtilisation } = assets;
  const shared = idleRule === 'none' ? 'not shared' : idleRule === 'even' ? 'shared evenly' : 'shared in proportion to compute';
  return `Machines ${exact(costMicros)} = allocated ${exact(allocatedMicros)} + idle ${exact(idleMicros)}; idle is ${shared}. Engines used ${share(cpuUtilisation) || 'none'} of the CPU and ${share(memoryUtilisation) || 'none'} of the memory.`;
}

function defaultsLine({ defaultRates }: Report): string {
  if (defaultRates.length === 0) return '';
  const bySection = [...Map.groupBy(defaultRates, (name) => (name.includes('.') ? `${name.split('.')[0]}: ` : ''))];
  const names = bySection.map(([section, of]) => section + of.map((name) => name.slice(Math.max(0, section.length - 1))).join(', '));
  return `${defaultRates.length} rates are defaults, not yours: ${names.join('; ')}. Yours go into modelyard.yaml; "modelyard cost --rates" shows all.`;
}

export function ratesText(rates: Rates, columns: number): string {
  return table(
    ['RATE', 'VALUE', 'SOURCE', 'OF'],
    rates.map(({ name, value, source, description }) => [name, String(value), source, description]),
    columns,
  );
}

/** All six digits. */
function exact(micros: number): string {
  return (micros / MICROS).toFixed(6);
}

/** Four digits behind the point are enough where nothing is added up, six for what is small. */
function short(micros: number | null): string {
  if (micros === null) return '';
  return (micros / MICROS).toFixed(Math.abs(micros) < MICROS / 10 ? 6 : Math.abs(micros) < 100 * MICROS ? 4 : 2);
}

function share(value: number | null): string {
  if (value === null) return '';
  return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
}

/** A table of texts, all but the first column to the right. */
function rightAligned(headings: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const widths = headings.map((heading, index) => Math.max(heading.length, ...rows.map((row) => (row[index] ?? '').length)));
  const aligned = (cells: readonly string[]) => cells.map((cell, index) => (index === 0 ? cell : cell.padStart(widths[index] ?? 0)));
  return table(aligned(headings), rows.map(aligned), columns);
}

/** Lines of whole words, none longer than `columns`. */
function wrap(text: string, columns: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}
