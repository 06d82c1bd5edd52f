import { holdProcess } from '../../src/base/clock.ts';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { startFuzzed } from './server.ts';

/** `npm run fuzz -- --per-route 10000 [--seed N] [--only TEXT] [--db sqlite|postgres]`. Ends with 1 where anything is found. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'per-route': { type: 'string', default: '1000' }, seed: { type: 'string' }, only: { type: 'string' }, db: { type: 'string', default: 'sqlite' } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
  const release = holdProcess();
  const started = performance.now();
  await using fuzzed = await startFuzzed(values.db === 'postgres' ? 'postgres' : 'sqlite');
  const pid = fuzzed.server.child.pid;
  const { routes, requests, statuses, faults, found } = await fuzz(fuzzed, {
    perRoute: Number(values['per-route']),
    seed,
    ...(values.only !== undefined && { only: values.only }),
    say: (text) => void process.stderr.write(`${text}\n`),
  });
  const seconds = (performance.now() - started) / 1_000;
  const lines = [
    `${requests} malformed requests to ${routes} routes in ${seconds.toFixed(0)} s, --seed ${seed}, one server (pid ${pid})`,
    ...Object.entries(statuses).map(([status, count]) => `${status.padEnd(8)}${String(count).padStart(10)}`),
    ...faults,
    faults.length === 0 ? 'Nothing was found.' : `${found} wrong answers.`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  release();
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await main();
