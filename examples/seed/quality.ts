import type { Modelyard } from '@modelyard/sdk';
import { CLASSES, type Examples, rowsOf } from './data.ts';
import { NAME } from './deploy-model.ts';
import { infer } from './load.ts';
import { say, table } from '../lib/page.ts';

const ROWS_PER_CALL = 32;

export type Report = Awaited<ReturnType<typeof measureQuality>>;

/** Calls the model with every example, and has the answers measured. */
export async function measureQuality(client: Modelyard, examples: Examples) {
  const rows: number[][] = [];
  for (let from = 0; from < examples.labels.length; from += ROWS_PER_CALL) {
    const to = Math.min(from + ROWS_PER_CALL, examples.labels.length);
    const probabilities = await infer(client, rowsOf(examples, from, to));
    for (let row = 0; row < to - from; row++) rows.push([...probabilities.subarray(row * CLASSES, (row + 1) * CLASSES)]);
  }
  const predicted = rows.map((row) => row.indexOf(Math.max(...row)));
  const classes = Array.from({ length: CLASSES }, (_, index) => index);
  return client.post('/api/v1/evaluations', { body: { model: NAME, examples: { task: 'classification', actual: [...examples.labels], predicted, scores: { classes, rows } } } });
}

export function sayQuality({ examples, metrics, confusion, classes = [] }: Report): void {
  const of = (name: string) => metrics[name]?.value?.toFixed(4) ?? '–';
  const { low = 0, high = 0 } = metrics['accuracy']?.interval ?? {};
  say(`accuracy ${of('accuracy')} on ${examples} examples that it has not seen (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`);
  say(`precision ${of('precision_macro')}, recall ${of('recall_macro')}, F1 ${of('f1_macro')} (means over the classes); log loss ${of('log_loss')}, ROC AUC ${of('roc_auc_ovr')}`);
  const rows = (confusion?.counts ?? []).map((row, index) => [confusion?.labels[index] ?? '', ...row, classes[index]?.recall.toFixed(2) ?? '']);
  say(table(['true \\ said', ...(confusion?.labels ?? []).map(String), 'recall'], rows));
}

/** Which of two reports on the same examples is better, and whether that could be chance. */
export async function sayComparison(client: Modelyard, before: Report, after: Report): Promise<void> {
  const compared = await client.get('/api/v1/evaluations/{id}/compare', { params: { id: after.id }, query: { with: before.id } });
  const accuracy = ({ metrics }: Report) => metrics['accuracy']?.value?.toFixed(4) ?? '–';
  say(`accuracy ${accuracy(before)} → ${accuracy(after)}; a difference as large comes by chance with p = ${compared.p.toPrecision(2)} (McNemar)`);
}
