import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { table } from '../terminal.ts';
import { timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

/** `modelyard wallet` */
export function addWallet(program: Command): void {
  remoteOptions(program.command('wallet'))
    .description('what an organisation may spend, in the order in which it is spent')
    .option('--org <name>', 'of another organisation (operators)')
    .addHelpText('after', '\nExamples:\n  modelyard wallet\n  modelyard wallet --org acme --json')
    .action(
      withSession(async ({ api, print, columns }: Session, { org }: { org?: string }) =>
        print(await api.get('/api/v1/wallet', { query: { org } }), (wallet) => walletText(wallet, columns)),
      ),
    );
}

interface Wallet {
  readonly org: string;
  readonly available: string;
  readonly held: string;
  readonly owed: string;
  readonly grants: readonly { readonly id: string; readonly available: string; readonly priority: number; readonly expiresAt?: number; readonly note: string }[];
}

function walletText({ org, available, held, owed, grants }: Wallet, columns: number): string {
  const isSome = (amount: string) => /[1-9]/.test(amount);
  const head = `${org} has ${available} to spend${isSome(held) ? `, and ${held} that gateways hold for calls` : ''}${isSome(owed) ? `; it owes ${owed}` : ''}`;
  if (grants.length === 0) return head;
  const rows = grants.map((grant) => [grant.id, grant.available, grant.priority, grant.expiresAt === undefined ? 'never' : timeText(grant.expiresAt), grant.note]);
  return `${head}\n\n${table(['CREDIT', 'AVAILABLE', 'PRIORITY', 'EXPIRES', 'NOTE'], rows, columns)}`;
}

interface CreditFlags {
  readonly id?: string;
  readonly given?: boolean;
  readonly days?: string;
  readonly note?: string;
}

const DAY_MS = 86_400_000;

/** `modelyard credit ORG AMOUNT` */
export function addCredit(program: Command): void {
  remoteOptions(program.command('credit'))
    .description('credit an organisation: money that it has transferred, or a gift (operators)')
    .argument('<org>')
    .argument('<amount>', 'at most six digits behind the point')
    .option('--id <name>', "the transfer's own name: credited once, however often it is sent")
    .option('--given', 'a gift: it is spent before what was paid')
    .option('--days <number>', 'it expires after so many days')
    .option('--note <text>', 'for the statement')
    .addHelpText('after', '\nExamples:\n  modelyard credit acme 250 --id transfer-2026-0117\n  modelyard credit acme 5 --given --days 30 --note "welcome"')
    .action(
      withSession(async ({ api, print, columns }: Session, org: string, amount: string, { id = randomUUID(), given, days, note }: CreditFlags) => {
        const expiresAt = days === undefined ? undefined : Date.parse(new Date().toISOString()) + daysOf(days) * DAY_MS;
        const body = { id, org, amount, ...(given && { given }), ...(note !== undefined && { note }), ...(expiresAt !== undefined && { expiresAt }) };
        print(await api.post('/api/v1/credits', { body }), (wallet) => walletText(wallet, columns));
      }),
    );
}

function daysOf(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 36_500) throw new Fault('invalid_argument', 'bad_days', `"${text}" is not a number of days.`);
  return days;
}

/** `modelyard ledger check|rebuild` */
export function addLedger(program: Command): void {
  const ledger = program.command('ledger').description('the book of all money (operators)');
  remoteOptions(ledger.command('check'))
    .description('read the whole book anew: sums, chain and balances')
    .action(
      withSession(async ({ api, print }: Session) => {
        const book = await api.get('/api/v1/ledger/check');
        print(book, ({ transactions, headHash, faults, unbilled }) =>
          [
            `${transactions} transactions, head ${headHash.slice(0, 16)}…, ${faults.length} faults, ${unbilled.length} calls not billed`,
            ...faults.map((fault) => `✗ ${fault}`),
            ...unbilled.map((id) => `✗ the call ${id} is owed and not in the book`),
          ].join('\n'),
        );
        if (book.faults.length > 0) throw new Fault('internal', 'ledger_faults', `The book has ${book.faults.length} faults.`);
        if (book.unbilled.length > 0) throw new Fault('internal', 'unbilled_calls', `${book.unbilled.length} calls are not billed; each minute it is tried again.`);
      }),
    );
  remoteOptions(ledger.command('rebuild'))
    .description('make the balances anew from the entries')
    .action(
      withSession(async ({ api, print }: Session) => {
        await api.post('/api/v1/ledger/rebuild', {});
        print({ rebuilt: true }, () => 'The balances are what the entries come to.');
      }),
    );
  ledger.addHelpText('after', '\nExamples:\n  modelyard ledger check\n  modelyard ledger rebuild');
}
