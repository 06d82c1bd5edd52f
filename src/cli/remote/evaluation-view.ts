import type { ResultOf } from '@modelyard/sdk';
import { fit, paint, table } from '../terminal.ts';

export type EvaluationReport = ResultOf<'get', '/api/v1/evaluations/{id}'>;
export type Comparison = ResultOf<'get', '/api/v1/evaluations/{id}/compare'>;
export type Verdict = ResultOf<'post', '/api/v1/evaluations/{id}/gate'>;

const FAILURES_SHOWN = 5;
const SIGNIFICANT = 0.05;

/** The metric that stands for a task in one line. */
const MAIN: Readonly<Record<string, string>> = {
  classification: 'f1_macro',
  generation: 'rougeL',
  embedding: 'spearman',
  regression: 'r2',
  ranking: 'ndcg',
  code: 'pass_at_k',
};

/** `f1_macro 0.912` */
export function mainMetric({ task, metrics }: EvaluationReport): string {
  const name = MAIN[task] ?? '';
  return `${name} ${numberText(metrics[name]?.value)}`.trim();
}

/** A report for people. */
export function reportText(report: EvaluationReport, columns: number): string {
  const { id, model, task, metrics, run } = report;
  const rows = Object.entries(metrics).map(([name, { value, interval, unit, higherIsBetter }]) => [
    name,
    numberText(value),
    interval ? `${numberText(interval.low)} … ${numberText(interval.high)}` : '',
    unit,
    higherIsBetter ? 'higher' : 'lower',
  ]);
  const head = [paint('bold', id), fit(`${model}, ${task}, ${report.examples} examples, seed ${report.seed}`, columns)].join('\n');
  return [
    head,
    '',
    table(['METRIC', 'VALUE', '95 % INTERVAL', 'UNIT', 'BETTER'], rows, columns),
    ...(run ? ['', ...runLines(run, columns)] : []),
    '',
    `report ${report.digest}`,
  ].join('\n');
}

function runLines({ dataset, failed, latencyMs, tokens, versions, revisions, settings }: NonNullable<EvaluationReport['run']>, columns: number): string[] {
  const lines = [`dataset ${dataset.digest}`];
  if (settings.template !== undefined) lines.push(fit(`template ${JSON.stringify(settings.template)}`, columns));
  lines.push(`a call took ${msText(latencyMs.p50)} (p50), ${msText(latencyMs.p99)} (p99)`);
  if (tokens.prompt + tokens.completion > 0) lines.push(`${tokens.prompt} prompt and ${tokens.completion} answer tokens`);
  if (versions.length > 1) lines.push(paint('yellow', `more than one version answered: ${versions.map(({ model, version }) => `${model}:${version}`).join(', ')}`));
  else if (revisions.length > 1) lines.push(`${revisions.length} revisions of the same version answered`);
  if (failed.count === 0) return lines;
  lines.push(paint('yellow', `${failed.count} of ${dataset.examples} examples failed and are not in the metrics:`));
  for (const { line, code, message } of failed.listed.slice(0, FAILURES_SHOWN)) lines.push(fit(`  line ${line}: ${code}: ${message}`, columns));
  if (failed.count > FAILURES_SHOWN) lines.push(`  … and ${failed.count - FAILURES_SHOWN} more (--json lists ${failed.listed.length})`);
  return lines;
}

/** What a paired test said, in words. */
export function comparisonLines({ test, pairs, leftOut, p, difference, onlyFirst, onlySecond, score }: Comparison, other: string): string[] {
  const verdict = p < SIGNIFICANT ? (difference > 0 ? 'this one is better' : 'the other is better') : 'no difference shown';
  const lines = [`compared with ${other}: ${verdict}`];
  lines.push(`  p = ${numberText(p)}, ${test === 'mcnemar' ? 'exact McNemar test' : 'paired permutation test'}, ${pairs} examples`, `  score: ${score}`);
  if (onlyFirst !== undefined) lines.push(`  only this one is right on ${onlyFirst}, only the other on ${onlySecond}`);
  if (leftOut > 0) lines.push(`  ${leftOut} examples left out: one of the two has no answer`);
  return lines;
}

export function verdictLines({ results }: Verdict): string[] {
  return results.map(({ condition, value, met }) => `${met ? paint('green', '✓') : paint('red', '✗')} ${condition}  (${value === undefined ? 'not measured' : numberText(value)})`);
}

function numberText(value: number | undefined): string {
  return value === undefined ? 'not defined' : String(Number(value.toPrecision(4)));
}

function msText(ms: number): string {
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
