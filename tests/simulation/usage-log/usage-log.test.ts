import { expect, test } from 'vitest';
import { simulate } from './world.ts';

const SEEDS = Number(process.env['USAGE_LOG_SEEDS'] ?? 10_000);
const ONLY = process.env['USAGE_LOG_SEED'];

test(`M22 M23: ${ONLY ?? SEEDS} seeded worlds: torn writes, lost syncs, crashes and a database that comes and goes lose and double nothing`, { timeout: 20 * 60_000 }, async () => {
  const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(ONLY)];
  const started = performance.now();
  const seen = { records: 0, crashes: 0 };
  const failed: string[] = [];
  let ran = 0;
  for (const seed of seeds) {
    const { faults, records, crashes } = await simulate(seed, ONLY === undefined ? undefined : (line) => void process.stdout.write(`${line}\n`));
    ran++;
    seen.records += records;
    seen.crashes += crashes;
    for (const fault of faults) failed.push(`USAGE_LOG_SEED=${seed}: ${fault}`);
    if (failed.length > 10) break;
  }
  const seconds = (performance.now() - started) / 1_000;
  process.stdout.write(`usage log: ${ran} seeds, ${(ran / seconds).toFixed(0)} a second, ${seen.records} records posted, ${seen.crashes} crashes\n`);
  expect(failed).toEqual([]);
});
