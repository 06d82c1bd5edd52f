import type { Command } from 'commander';
import { fit, table } from '../terminal.ts';
import { comparisonLines, mainMetric, reportText } from './evaluation-view.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const OTHER_COLUMNS = 60;
const MODEL_COLUMNS_MIN = 16;

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
      ['ID', 'MODEL', 'EXAMPLES', 'RESULT'],
      // The id is to be copied whole: what is long beside it is the model.
      reports.map((report) => [report.id, fit(report.model, Math.max(MODEL_COLUMNS_MIN, columns - OTHER_COLUMNS)), report.examples, mainMetric(report)]),
      Math.max(columns, OTHER_COLUMNS + MODEL_COLUMNS_MIN),
    ),
  );
}

async function show({ api, print, columns }: Session, id: string, other: string | undefined): Promise<void> {
  const report = await api.get('/api/v1/evaluations/{id}', { params: { id } });
  const comparison = other === undefined ? undefined : await api.get('/api/v1/evaluations/{id}/compare', { params: { id }, query: { with: other } });
  print(comparison ? { report, comparison } : report, () => [reportText(report, columns), ...(comparison ? ['', ...comparisonLines(comparison, other ?? '')] : [])].join('\n'));
}
