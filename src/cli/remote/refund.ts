import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { invalid } from '../../contract/errors.ts';
import { defined } from './flags.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

interface RefundFlags {
  readonly amount?: string;
  readonly percent?: string;
  readonly reason: string;
  readonly id?: string;
  readonly fromPlatform?: boolean;
}

/** `modelyard refund CHARGE` */
export function addRefund(program: Command): void {
  remoteOptions(program.command('refund'))
    .description("give a part of a call's charge back, each share of it by who had it (operators, and publishers of their own)")
    .argument('<charge>', "the call's id")
    .option('--amount <number>', 'so much')
    .option('--percent <number>', 'so much of the whole charge')
    .requiredOption('--reason <text>', 'for the statement')
    .option('--id <name>', "the refund's own name: made once, however often it is sent")
    .option('--from-platform', "the platform bears the publisher's share too (operators)")
    .addHelpText(
      'after',
      '\nExamples:\n  modelyard refund req_01j9… --percent 100 --reason "the answer was cut off"\n  modelyard refund req_01j9… --amount 0.02 --reason goodwill --from-platform',
    )
    .action(
      withSession(async ({ api, print }: Session, charge: string, { id = randomUUID(), percent, ...flags }: RefundFlags) => {
        const body = {
          charge,
          id,
          reason: flags.reason,
          ...defined({ amount: flags.amount, percent: percent === undefined ? undefined : numberOf(percent), fromPlatform: flags.fromPlatform }),
        };
        print(
          await api.post('/api/v1/refunds', { body }),
          (made) => `${made.amount} of ${charge} refunded: ${made.publisher} by the publisher, ${made.platform} by the platform, ${made.tax} of tax; ${made.refunded} in all.`,
        );
      }),
    );
}

function numberOf(text: string): number {
  const percent = Number(text.replace(/%$/, ''));
  if (!(percent > 0 && percent <= 100)) throw invalid(`--percent is "${text}"; it must be a number above 0 and up to 100.`);
  return percent;
}

/** `modelyard payout ORG AMOUNT` */
export function addPayout(program: Command): void {
  remoteOptions(program.command('payout'))
    .description('note that a publisher was paid what it has earned (operators)')
    .argument('<org>')
    .argument('<amount>', 'at most six digits behind the point')
    .requiredOption('--id <name>', "the transfer's own name: noted once, however often it is sent")
    .addHelpText('after', '\nExamples:\n  modelyard payout acme 120.50 --id transfer-2026-0131')
    .action(
      withSession(async ({ api, print }: Session, org: string, amount: string, { id }: { id: string }) =>
        print(await api.post('/api/v1/payouts', { body: { id, org, amount } }), (made) => `${made.amount} paid out to ${made.org}; ${made.left} is earned and not paid out.`),
      ),
    );
}
