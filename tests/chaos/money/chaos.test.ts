import { expect, test } from 'vitest';
import { chaos } from './chaos.ts';
import { KINDS } from './findings.ts';
import { readOptions } from './options.ts';

/** `npm run chaos` with few kills. The whole of M6 is its 50 kills and 3 gateways. */
test.each([
  { db: 'sqlite', kills: 6, seed: 11 },
  { db: 'postgres', kills: 5, seed: 12 },
] as const)('M6: $kills kills on $db under mixed traffic, and the books are right to the unit', { timeout: 300_000 }, async ({ db, kills, seed }) => {
  const options = { ...readOptions([]), db, kills, seed, gateways: 2, clients: 8 };
  const { findings, endedBadly, ...did } = await chaos(options, (text) => void process.stdout.write(`${text}\n`));
  process.stdout.write(`${JSON.stringify(did)}\n`);
  const counts = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, findings.filter((finding) => finding.kind === kind).length]));
  expect(counts, JSON.stringify(findings.slice(0, 10))).toEqual(Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0])));
  expect(endedBadly).toEqual([]);
  expect(did.isGood).toBe(true);
  // It did something.
  expect(Object.values(did.kills).reduce((sum, count) => sum + count, 0)).toBe(kills);
  expect(Math.min(did.kills.leader, did.kills.gateway)).toBeGreaterThan(0);
  if (db === 'postgres') expect(did.kills.database).toBeGreaterThan(0);
  for (const count of Object.values(did.answers)) expect(count).toBeGreaterThan(0);
  for (const what of ['answeredWhole', 'billed', 'replayed', 'receipts', 'settledAgain', 'topUps', 'raises'] as const) expect(did[what], what).toBeGreaterThan(0);
  expect([did.prices, did.rotations]).toEqual([3, 2]);
});
