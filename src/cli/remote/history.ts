import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { paint, table } from '../terminal.ts';
import { defined } from './flags.ts';
import { countText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';
import { curveOf, sparkline } from './sparkline.ts';
import { msText } from './top-view.ts';

const MIB = 1_048_576;
const CURVE_POINTS_MAX = 61;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const DAY_MS = 86_400_000;

interface HistoryFlags {
  readonly last: number;
  readonly step?: number;
}

/** `modelyard history NAME` */
export function addHistory(program: Command): void {
  remoteOptions(program.command('history'))
    .description('how a deployment did, step by step')
    .argument('<name>')
    .option('--last <time>', 'how far back, such as 90m, 24h or 7d (minutes are kept for two days, hours for ninety)', seconds, 3_600)
    .option('--step <time>', 'one row for each, such as 5m or 1h; otherwise about a hundred rows at most', seconds)
    .addHelpText(
      'after',
      '\nExamples:\n  modelyard history smollm2-135m-instruct\n  modelyard history smollm2-135m-instruct --last 7d --step 6h\n  modelyard history smollm2-135m-instruct --json',
    )
    .action(withSession(history));
}

async function history({ api, print, columns }: Session, deployment: string, { last, step }: HistoryFlags): Promise<void> {
  const until = systemClock.now();
  const since = until - last * 1_000;
  const { stepSeconds, data } = await api.get('/api/v1/history', { query: { deployment, since, until, ...defined({ step }) } });
  print({ stepSeconds, data }, () => {
    if (data.length === 0) return `Nothing is known of ${deployment} in that time yet: a minute is written when it is over.`;
    const rows = data.map((point) => [
      whenText(point.start, last * 1_000),
      point.calls,
      point.failed,
      msText(point.p50Ms),
      msText(point.p99Ms),
      msText(point.firstByteP99Ms),
      countText(Math.round((point.completionTokens / stepSeconds) * 10) / 10),
      `${point.waiting}+${point.running}`,
      point.replicas,
      point.restarts,
      `${Math.round((point.cpuSeconds / stepSeconds) * 100)}%`,
      `${Math.round(point.memoryBytes / MIB)}M`,
    ]);
    const text = table(['WHEN', 'CALLS', 'FAIL', 'P50', 'P99', 'FIRST99', 'TOK/S', 'W+RUN', 'UP', 'DIED', 'CPU', 'MEM'], rows, columns);
    return process.stdout.isTTY ? `${curves(data, { since, until, stepMs: stepSeconds * 1_000, pointsMax: CURVE_POINTS_MAX })}\n\n${text}` : text;
  });
}

type Point = { readonly start: number; readonly calls: number; readonly failed: number; readonly p99Ms: number };

function curves(points: readonly Point[], span: Parameters<typeof curveOf>[1]): string {
  const line = (label: string, value: (point: Point) => number, top: (most: number) => string) => {
    const curve = curveOf(
      points.map((point) => ({ start: point.start, value: value(point) })),
      span,
    );
    return `${label.padEnd(6)} ${paint('cyan', sparkline(curve))} ${paint('dim', `up to ${top(Math.max(...curve))}`)}`;
  };
  const failing = points.some(({ failed }) => failed > 0) ? [line('failed', ({ failed }) => failed, countText)] : [];
  return [
    line('calls', ({ calls }) => calls, countText),
    ...failing,
    line(
      'p99',
      ({ p99Ms }) => p99Ms,
      (most) => msText(most) || '0',
    ),
  ].join('\n');
}

/** The hour of the day where that says enough. */
function whenText(at: number, spanMs: number): string {
  const text = new Date(at).toLocaleString('sv-SE').slice(0, 16);
  return spanMs <= DAY_MS ? text.slice(11) : text.slice(5);
}

/** @throws Fault unless the text is a number and s, m, h or d */
function seconds(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const value = Number(digits) * (UNIT_SECONDS[unit] ?? Number.NaN);
  if (!(value > 0)) throw new Fault('invalid_argument', 'bad_time', `"${text}" is not a time such as 90m, 24h or 7d.`);
  return value;
}
