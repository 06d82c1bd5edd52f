import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder, writeCredentials } from '../../../src/app/home.ts';
import { startHarness } from '../../harness.ts';
import { seeded } from '../../seeded.ts';
import { audit, render } from './auditor.ts';
import { postgresDatabase, sqliteDatabase } from './database.ts';
import { openMarket, openUnpriced } from './market.ts';
import { Operator } from './operator.ts';
import { type Options, readOptions } from './options.ts';
import { readBook } from './read-book.ts';
import { readClients, readSegments, readTruth } from './read-logs.ts';
import { Traffic } from './traffic.ts';
import { type Victim, World } from './world.ts';

/**
 * `npm run chaos`: real processes are killed at random moments under mixed traffic, and then an auditor that knows nothing of the product's code holds
 * what engines did and clients saw against the books. Ends with 1 where it finds anything.
 */
const QUIET_MS = 300;
const SPREAD_MS = 900;
const RECEIPTS_MAX = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  // The product's own waits keep no process alive.
  const held = setInterval(() => undefined, 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'my-money-'));
  const database = options.db === 'postgres' ? await postgresDatabase(folder) : sqliteDatabase(homeFolder(join(folder, 'home')).database);
  try {
    process.exitCode = await chaos(options, { folder, database });
  } finally {
    await database.stop();
    clearInterval(held);
    if (options.keep) say(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function chaos(options: Options, { folder, database }: { folder: string; database: ReturnType<typeof sqliteDatabase> }): Promise<number> {
  say(`${options.kills} kills, ${options.gateways} gateways, ${options.clients} clients, ${options.db}, --seed ${options.seed}`);
  const home = join(folder, 'home');
  const files = { truth: join(folder, 'truth.jsonl'), clients: join(folder, 'clients.jsonl') };
  const setUp = await startHarness({ home, database: database.target });
  const { key } = setUp;
  const market = await (options.unpriced ? openUnpriced : openMarket)(setUp);
  await setUp.stop();
  const random = seeded(options.seed);
  const world = await World.start({ home, database, gateways: options.gateways, key, model: market.model, truthFile: files.truth, random });
  const [url = ''] = world.urls;
  await writeCredentials(homeFolder(home).credentials, { url, key });
  const traffic = new Traffic({ urls: world.urls, buyers: market.buyers, file: files.clients, random: seeded(options.seed + 1) });
  const operator = new Operator({ url, key, poor: market.poor, paid: traffic.paid, random: seeded(options.seed + 2) });
  traffic.start(options.clients);
  operator.start();
  const kills = new Map<Victim, number>();
  let cutAtKills = 0;
  for (let n = 0; n < options.kills; n++) {
    await pause(QUIET_MS + random() * SPREAD_MS);
    const victim = world.pick();
    cutAtKills += traffic.inFlight;
    kills.set(victim, (kills.get(victim) ?? 0) + 1);
    await world.kill(victim);
    say(`kill ${n + 1} of ${options.kills}: ${victim}`);
  }
  await pause(QUIET_MS);
  await traffic.stop();
  await operator.stop();
  const receipts = await operator.receipts(sample(traffic.paid, RECEIPTS_MAX, random));
  const badly = await world.stop();
  const folders = Array.from({ length: options.gateways }, (_, n) => join(home, 'gateways', n === 0 ? 'main' : `gateway-${n}`, 'usage'));
  const report = audit({
    truth: readTruth(files.truth),
    clients: readClients(files.clients),
    segments: readSegments(folders),
    receipts,
    book: await readBook(database.target),
  });
  const isGood = report.findings.length === 0 && badly.length === 0 && report.cut <= cutAtKills;
  const text = [
    `kills                   ${String(options.kills).padStart(8)}   ${[...kills].map(([victim, count]) => `${victim} ${count}`).join(', ')}`,
    `in flight at the kills  ${String(cutAtKills).padStart(8)}   at most so many may be billed without a whole answer`,
    `top-ups, refunds        ${String(operator.topUps).padStart(8)}   ${operator.refunds}`,
    render(report),
    ...badly,
    isGood ? 'The books are right.' : 'The books are NOT right.',
  ].join('\n');
  process.stdout.write(`${text}\n`);
  const summary = { options, kills: Object.fromEntries(kills), cutAtKills, topUps: operator.topUps, refunds: operator.refunds, ...report, endedBadly: badly, isGood };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
  return isGood ? 0 : 1;
}

/** So many of them, picked by the seed. */
function sample<T>(from: readonly T[], count: number, random: () => number): T[] {
  return from
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ value }) => value);
}

await main();
