import { writeFileSync } from 'node:fs';
import { render } from './auditor.ts';
import { chaos, type Outcome } from './chaos.ts';
import { readOptions } from './options.ts';

/** `npm run chaos`. Ends with 1 where the auditor finds anything. */
async function main(): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const options = readOptions(process.argv.slice(2));
  say(`${options.kills} kills, ${options.gateways} gateways, ${options.clients} clients, ${options.db}, --seed ${options.seed}`);
  const outcome = await chaos(options, say);
  process.stdout.write(`${textOf(outcome)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ options, ...outcome }, null, 2)}\n`);
  process.exitCode = outcome.isGood ? 0 : 1;
}

const line = (name: string, value: number, note = '') => `${name.padEnd(24)}${String(value).padStart(8)}${note && `   ${note}`}`;
const list = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, count) => total + count, 0);

function textOf(outcome: Outcome): string {
  const { seconds, writers, kills, inFlight, settledAgain, billed, topUps, refunds, raises, prices, rotations, answers, refusals, endedBadly, isGood } = outcome;
  return [
    line('seconds', seconds),
    line('writers', writers, 'gateways, each of which posts into the one book'),
    line('kills', sum(kills), `SIGKILL: ${list(kills)}`),
    line('in flight at the kills', inFlight, 'of at most so many the client may have been cut'),
    line('settled again', settledAgain, `${percent(settledAgain, settledAgain + billed)} % of all settles: records of charged calls that a killed gateway posted once more`),
    line('top-ups', topUps),
    line('refunds', refunds),
    line('budgets raised', raises),
    line('price changes', prices),
    line('key rotations', rotations),
    line('answers', sum(answers), list(answers)),
    line('refusals', sum(refusals), list(refusals)),
    render(outcome),
    ...endedBadly,
    isGood ? 'The books are right.' : 'The books are NOT right.',
  ].join('\n');
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part * 100) / whole);
}

await main();
