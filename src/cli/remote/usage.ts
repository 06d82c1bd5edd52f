import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

type Grouping = 'model' | 'key' | 'day' | 'operation';

/** `modelyard usage` */
export function addUsage(program: Command): void {
  remoteOptions(program.command('usage'))
    .description('sum up what was used, or list calls')
    .option('--by <what>', 'model, key, day or operation', 'model')
    .option('--calls', 'list the newest calls')
    .option('--all', 'of all organisations (operators)')
    .addHelpText('after', '\nExamples:\n  modelyard usage --by day\n  modelyard usage --calls --json')
    .action(withSession((session, { by, calls, all }: { by: Grouping; calls?: boolean; all?: boolean }) => (calls ? listCalls(session, all) : sum(session, by, all))));
}

async function sum({ api, print, columns }: Session, by: Grouping, all: boolean | undefined): Promise<void> {
  const { data } = await api.get('/api/v1/usage', { query: { by, all } });
  print(data, (rows) =>
    table(
      [by.toUpperCase(), 'CALLS', 'FAILED', 'PROMPT', 'CACHED', 'ANSWER', 'ROWS'],
      rows.map((row) => [row.group, row.calls, row.failed, row.promptTokens, row.cachedTokens, row.completionTokens, row.rows]),
      columns,
    ),
  );
}

async function listCalls({ api, print, columns }: Session, all: boolean | undefined): Promise<void> {
  const { data } = await api.get('/api/v1/usage/calls', { query: { all } });
  print(data, (rows) =>
    table(
      ['WHEN', 'REQUEST', 'MODEL', 'OPERATION', 'STATUS', 'PROMPT', 'ANSWER', 'ROWS', 'MS'],
      rows.map((row) => [
        timeText(row.startedAt),
        row.requestId,
        row.deployment,
        row.operation,
        row.status,
        row.promptTokens,
        row.completionTokens,
        row.rows,
        Math.round(row.durationMs),
      ]),
      columns,
    ),
  );
}
