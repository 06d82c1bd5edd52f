import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Bar, type BenchContext, verdictOf } from './lib/bar.ts';
import type { Chart, Charting } from './lib/chart.ts';
import { machine, versions } from './lib/machine.ts';
import type { Report } from './lib/report.ts';
import { doubtsText, type Row, tableOf } from './lib/table.ts';
import { m44 } from './bars/m44.ts';
import { p1 } from './bars/p1.ts';
import { p2 } from './bars/p2.ts';
import { p3 } from './bars/p3.ts';
import { p4 } from './bars/p4.ts';
import { p5 } from './bars/p5.ts';
import { p6, s2 } from './bars/p6.ts';
import { p7 } from './bars/p7.ts';
import { p8 } from './bars/p8.ts';
import { p10 } from './bars/p10.ts';
import { p11 } from './bars/p11.ts';
import { p12 } from './bars/p12.ts';
import { p13 } from './bars/p13.ts';
import { p14 } from './bars/p14.ts';
import { p15 } from './bars/p15.ts';
import { p16 } from './bars/p16.ts';
import { p17 } from './bars/p17.ts';
import { p18 } from './bars/p18.ts';
import { growth } from './charts/growth.ts';
import { latency } from './charts/latency.ts';
import { streams } from './charts/streams.ts';

/**
 * `npm run bench [-- P1 growth …] [--rounds N] [--seconds N] [--json FILE] [--profile FOLDER]`: measures bars and charts, and prints the table.
 * Never fails a test run. `bench/report.ts` makes the page and its pictures of what `--json` has written.
 */
const BARS: readonly Bar[] = [p1, p2, p3, p4, p5, p6, p7, p8, p10, p11, p12, p13, p14, p15, p16, p17, p18, m44, s2];
const CHARTS: readonly Charting[] = [latency, streams, growth];
const ROUNDS_DEFAULT = 7;
const SECONDS_DEFAULT = 3;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' }, profile: { type: 'string' } },
  });
  const names = [...BARS.map(({ id }) => id), ...CHARTS.map(({ name }) => name)];
  const selected = new Set(positionals.length > 0 ? positionals.map((asked) => names.find((name) => name.toLowerCase() === asked.toLowerCase()) ?? asked) : names);
  const unknown = [...selected].filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`There is no bar or chart ${unknown.join(', ')}; there are: ${names.join(', ')}.`);
  const context: BenchContext = {
    rounds: Number(values.rounds ?? ROUNDS_DEFAULT),
    seconds: Number(values.seconds ?? SECONDS_DEFAULT),
    selected,
    shared: new Map(),
    gatewayArguments: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
    log: (text) => process.stderr.write(`${text}\n`),
  };
  const rows: Row[] = [];
  const charts: Chart[] = [];
  // What was measured is kept, whatever becomes of the rest.
  const keep = async () => values.json !== undefined && (await writeFile(values.json, `${JSON.stringify(report(rows, charts, context), null, 2)}\n`));
  for (const bar of BARS.filter(({ id }) => selected.has(id))) {
    rows.push(...(await rowsOf(bar, context)));
    await keep();
  }
  for (const charting of CHARTS.filter(({ name }) => selected.has(name))) {
    charts.push(...(await chartOf(charting, context)));
    await keep();
  }
  process.stdout.write(`${tableOf(rows)}\n\n${doubtsText(rows)}\n`);
}

/** A bar that can't be run says why, and the others still are. */
async function rowsOf({ id, title, run }: Bar, context: BenchContext): Promise<Row[]> {
  context.log(`${id}: ${title} …`);
  try {
    return (await run(context)).map((figure) => ({ id, title, figure }));
  } catch (error) {
    return [{ id, title, figure: { what: 'not measured', figure: Number.NaN, floor: Number.NaN, aim: Number.NaN, better: 'higher', doubts: [textOf(error)], details: {} } }];
  }
}

async function chartOf({ name, run }: Charting, context: BenchContext): Promise<Chart[]> {
  context.log(`${name} …`);
  try {
    return [{ name, ...(await run(context)) }];
  } catch (error) {
    context.log(`${name} was not measured: ${textOf(error)}`);
    return [];
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function report(rows: readonly Row[], charts: readonly Chart[], { rounds, seconds }: BenchContext): Report {
  const bars = rows.map(({ id, title, figure }) => ({ id, title, verdict: verdictOf(figure), ...figure }));
  return { date: new Date().toISOString(), machine: machine(), versions: versions(), rounds, seconds, bars, charts };
}

await main();
