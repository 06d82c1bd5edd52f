import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { holdProcess } from '../../src/base/clock.ts';
import { mib, soak, type SoakOutcome } from './soak.ts';

const SLOPE_MAX_MIB = 1;
/** In less time a process only grows to its size: heaps and allocators take what they will keep. */
const SLOPE_FROM_MINUTES = 10;

/** `npm run soak -- --minutes 60 [--seed N] [--json FILE]`. Ends with 1 where anything leaks. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' }, json: { type: 'string' } } });
  const release = holdProcess();
  const outcome = await soak({ seconds: Number(values.minutes) * 60, seed: Number(values.seed), say: (text) => void process.stderr.write(`${text}\n`) });
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcome, null, 2)}\n`);
  const isFlat = Number(values.minutes) < SLOPE_FROM_MINUTES || outcome.rssSlopeMiBPerMinute < SLOPE_MAX_MIB;
  const isGood = isFlat && Object.values(outcome.leaks).every((count) => count === 0);
  process.stdout.write(`${textOf(outcome)}\n${isGood ? 'Nothing leaks.' : 'Something leaks.'}\n`);
  release();
  process.exitCode = isGood ? 0 : 1;
}

const line = (name: string, value: string | number, note = '') => `${name.padEnd(28)}${String(value).padStart(12)}${note && `   ${note}`}`;

function textOf({ seconds, samples, rssSlopeMiBPerMinute, heapSlopeMiBPerMinute, kills, counts, quiet, leaks }: SoakOutcome): string {
  const rss = samples.map(({ rssBytes }) => rssBytes);
  return [
    line('seconds', seconds),
    line('engines killed', kills),
    ...Object.entries(counts).map(([what, count]) => line(what, count)),
    line('RSS, MiB', mib(rss.at(-1) ?? 0), `least ${mib(Math.min(...rss))}, most ${mib(Math.max(...rss))}`),
    line('RSS, MiB a minute', rssSlopeMiBPerMinute.toFixed(2), `less than ${SLOPE_MAX_MIB} wanted of ${SLOPE_FROM_MINUTES} minutes and more; the first quarter is left out`),
    line('heap, MiB a minute', heapSlopeMiBPerMinute.toFixed(2)),
    line('descriptors when quiet', `${quiet.before.descriptors} → ${quiet.after.descriptors}`),
    ...Object.entries(leaks).map(([what, count]) => line(`left: ${what}`, count)),
  ].join('\n');
}

await main();
