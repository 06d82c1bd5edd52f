import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { invalid } from '../../contract/errors.ts';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

const DAY_MS = 86_400_000;
const EXAMPLES = `
Examples:
  modelyard audit                      your organisation's newest changes
  modelyard audit list --all --limit 500
  modelyard audit archive --days 90    move what is older into a file
  modelyard audit verify --home ~/.modelyard`;

/** `modelyard audit list|archive`; `addOffline` adds what reads a home. */
export function addAudit(program: Command, addOffline: (audit: Command) => void): void {
  const audit = program.command('audit').description('who changed what, when and from where').addHelpText('after', EXAMPLES);
  remoteOptions(audit.command('list', { isDefault: true }))
    .description('list changes, the newest first')
    .option('--all', 'of all organisations (operators)')
    .option('--limit <number>', 'at most so many', '50')
    .option('--before <seq>', 'those before this number')
    .action(withSession(list));
  remoteOptions(audit.command('archive'))
    .description('move old entries out of the database into a file of the home (operators)')
    .requiredOption('--days <number>', 'those that are older')
    .action(
      withSession(async ({ api, print }: Session, { days }: { days: string }) => {
        const archive = await api.post('/api/v1/audit/archive', { body: { before: systemClock.now() - countOf(days, '--days') * DAY_MS } });
        print(archive, ({ file, first, last }) => `Entries ${first} to ${last} are now in ${file}, in the folder audit of the home.`);
      }),
    );
  addOffline(audit);
}

async function list({ api, print, columns }: Session, { all, limit, before }: { all?: boolean; limit: string; before?: string }): Promise<void> {
  const query = { limit: countOf(limit, '--limit'), ...(all && { all }), ...(before !== undefined && { before: countOf(before, '--before') }) };
  const { data } = await api.get('/api/v1/audit', { query });
  const rows = data.map(({ seq, at, keyId, operation, object, address, outcome }) => [seq, timeText(at), keyId, operation, object, address, outcome]);
  print(data, () => table(['SEQ', 'AT', 'KEY', 'OPERATION', 'OBJECT', 'FROM', 'OUTCOME'], rows, columns));
}

function countOf(text: string, flag: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalid(`${flag} is "${text}"; it must be a whole number.`, flag);
  return Number(text);
}
