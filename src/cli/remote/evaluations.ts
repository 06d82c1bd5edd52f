import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { comparisonText, mainMetric, reportText } from './evaluation-view.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const HELP = `
Examples:
  modelyard evaluations
  modelyard evaluations --model magika:1
  modelyard evaluations eval_1fw… --compare eval_1fv…`;

/** `modelyard evaluations [ID]` */
export function addEvaluations(program: Command): void {
  remoteOptions(program.command('evaluations'))
    .description('list reports, or show one')
    .argument('[id]', 'a report')
    .option('--model <name>', 'only of NAME:VERSION')
    .option('--compare <report>', 'compare with another on the same examples')
    .addHelpText('after', HELP)
    .action(
      withSession((session, id: string | undefined, { model, compare }: { model?: string; compare?: string }) =>
        id === undefined ? list(session, model) : show(session, id, compare),
      ),
    );
}

async function list({ api, print, columns }: Session, model: string | undefined): Promise<void> {
  const { data } = await api.get('/api/v1/evaluations', { query: { model } });
  print(data, (reports) =>
    table(
      ['ID', 'MODEL', 'TASK', 'EXAMPLES', 'FAILED', 'RESULT', 'WHEN'],
      reports.map((report) => [report.id, report.model, report.task, report.examples, report.run?.failed.count ?? 0, mainMetric(report), timeText(report.createdAt)]),
      columns,
    ),
  );
}

async function show({ api, print, columns }: Session, id: string, other: string | undefined): Promise<void> {
  const report = await api.get('/api/v1/evaluations/{id}', { params: { id } });
  const comparison = other === undefined ? undefined : await api.get('/api/v1/evaluations/{id}/compare', { params: { id }, query: { with: other } });
  print(comparison ? { report, comparison } : report, () => [reportText(report, columns), ...(comparison ? ['', comparisonText(comparison, other ?? '')] : [])].join('\n'));
}
