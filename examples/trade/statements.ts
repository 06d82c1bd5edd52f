import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { say } from '../lib/page.ts';
import type { Parties } from './parties.ts';

const MODELYARD = fileURLToPath(new URL('../../bin/modelyard.mjs', import.meta.url));
const MICROS = 1_000_000;
const microsOf = (amount: string) => Math.round(Number(amount) * MICROS);

/** Prints the three statements with the command that prints them, and holds them against one another. @throws Error when they differ by a millionth */
export async function compare(parties: Parties): Promise<void> {
  const { operator, publisher, consumer, url } = parties;
  for (const [kind, key] of [
    ['consumer', consumer.key],
    ['publisher', publisher.key],
    ['platform', parties.operatorKey],
  ] as const) {
    const { stdout } = await promisify(execFile)(process.execPath, [MODELYARD, 'statement', `--${kind}`], {
      env: { ...process.env, MODELYARD_URL: url, MODELYARD_API_KEY: key, COLUMNS: '78' },
    });
    say(`${stdout.trim()}\n`);
  }
  const paid = await consumer.client.get('/api/v1/statements', { query: { kind: 'consumer' } });
  const earned = await publisher.client.get('/api/v1/statements', { query: { kind: 'publisher' } });
  const platform = await operator.get('/api/v1/statements', { query: { kind: 'platform' } });
  const sum = ({ lines }: typeof paid, kind: string) => lines.filter((line) => line.kind === kind).reduce((total, { amount }) => total + microsOf(amount), 0);
  const charged = -sum(paid, 'charge');
  const gross = earned.lines.reduce((total, { of }) => total + (of ? microsOf(of.gross) : 0), 0);
  const share = sum(earned, 'earned');
  if (charged !== gross) throw new Error(`the consumer was charged ${charged} millionths, the publisher was told of ${gross}`);
  for (const { kind, foots } of [paid, earned, platform]) if (!foots) throw new Error(`the ${kind}'s statement does not foot`);
  say(`charged ${charged / MICROS} = publisher ${share / MICROS} + platform ${(charged - share) / MICROS}; all three statements foot to the millionth`);
  const { transactions, headHash, faults, unbilled } = await operator.get('/api/v1/ledger/check');
  if (faults.length + unbilled.length > 0) throw new Error(`the book has faults: ${[...faults, ...unbilled].join('; ')}`);
  say(`the book: ${transactions} transactions, head ${headHash.slice(0, 16)}…, no fault, nothing unbilled`);
}
