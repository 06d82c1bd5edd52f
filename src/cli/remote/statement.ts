import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { remoteOptions, type Session, withSession } from './session.ts';
import { statementText } from './statement-view.ts';

const HELP = `
Months are in UTC.

Examples:
  modelyard statement
  modelyard statement --publisher --month 2026-11
  modelyard statement --platform --month 2026-11 --json`;

interface StatementFlags {
  readonly consumer?: boolean;
  readonly publisher?: boolean;
  readonly platform?: boolean;
  readonly org?: string;
  readonly month?: string;
}

/** `modelyard statement` */
export function addStatement(program: Command): void {
  remoteOptions(program.command('statement'))
    .description('what changed credit or earnings in a month, and whether it adds up')
    .option('--consumer', 'credit: top-ups, charges, refunds (otherwise this)')
    .option('--publisher', 'earnings: by deployment, refunds, pay-outs')
    .option('--platform', 'the whole book (operators)')
    .option('--org <name>', 'of another organisation (operators)')
    .option('--month <month>', 'such as 2026-11; otherwise the current one, up to now')
    .addHelpText('after', HELP)
    .action(withSession(printStatement));
}

async function printStatement({ api, print, columns }: Session, { consumer, publisher, platform, org, month }: StatementFlags): Promise<void> {
  if ([consumer, publisher, platform].filter(Boolean).length > 1) throw invalid('Choose one of --consumer, --publisher and --platform.');
  const kind = publisher ? 'publisher' : platform ? 'platform' : 'consumer';
  const statement = await api.get('/api/v1/statements', { query: { kind, org, ...(month !== undefined && spanOf(month, systemClock.now())) } });
  print(statement, (of) => statementText(of, columns));
  if (!statement.foots) throw new Fault('internal', 'does_not_foot', 'The statement does not add up to what the balances say; "modelyard ledger check" says what is wrong.');
}

/** A month that is not over ends with it all the same: what is to come is nothing yet. */
function spanOf(month: string, now: number): { from: number; to: number } {
  const [, year = '', number = ''] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  const from = Date.UTC(Number(year), Number(number) - 1);
  if (year === '' || from > now) throw invalid(`--month is "${month}"; it must be a month such as 2026-11, and not one to come.`);
  return { from, to: Date.UTC(Number(year), Number(number)) };
}
