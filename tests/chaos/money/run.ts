import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder, writeCredentials } from '../../../src/app/home.ts';
import { startHarness } from '../../harness.ts';
import { seeded } from '../../seeded.ts';
import { type Audit, audit, render } from './auditor.ts';
import { type Database, postgresDatabase, sqliteDatabase } from './database.ts';
import { openMarket, openUnpriced } from './market.ts';
import { Operator } from './operator.ts';
import { type Options, readOptions } from './options.ts';
import { readBook } from './read-book.ts';
import { readClients, readSegments, readTruth } from './read-logs.ts';
import { Traffic } from './traffic.ts';
import { World } from './world.ts';

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

interface Place {
  readonly folder: string;
  readonly database: Database;
}

async function chaos(options: Options, { folder, database }: Place): Promise<number> {
  say(`${options.kills} kills, ${options.gateways} gateways, ${options.clients} clients, ${options.db}, --seed ${options.seed}`);
  const home = join(folder, 'home');
  const files = { truth: join(folder, 'truth.jsonl'), clients: join(folder, 'clients.jsonl') };
  const setUp = await startHarness({ home, database: database.target });
  const { key } = setUp;
  const market = await (options.unpriced ? openUnpriced : openMarket)(setUp);
  await setUp.stop();
  const random = seeded(options.seed);
  await using world = await World.start({ home, database, gateways: options.gateways, key, model: market.model, truthFile: files.truth, random });
  const [url = ''] = world.urls;
  await writeCredentials(homeFolder(home).credentials, { url, key });
  const traffic = new Traffic({ urls: world.urls, buyers: market.buyers, file: files.clients, random: seeded(options.seed + 1) });
  const operator = new Operator({ url, key, poor: market.poor, paid: traffic.paid, random: seeded(options.seed + 2) });
  const disturbed = await disturb(options, { world, traffic, operator, random });
  const receipts = await operator.receipts(sample(traffic.paid, RECEIPTS_MAX, random));
  const endedBadly = await world.stop();
  const report = audit({
    truth: readTruth(files.truth),
    clients: readClients(files.clients),
    segments: readSegments(usageFolders(home)),
    receipts,
    book: await readBook(database.target),
  });
  const isGood = report.findings.length === 0 && endedBadly.length === 0 && report.cut <= disturbed.inFlight;
  const { topUps, refunds } = operator;
  const summary = { options, ...disturbed, topUps, refunds, ...report, endedBadly, isGood };
  process.stdout.write(`${textOf(summary)}\n`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
  return isGood ? 0 : 1;
}

interface Disturbed {
  readonly kills: Readonly<Record<string, number>>;
  /** Calls that were under way at the kills. */
  readonly inFlight: number;
}

interface Actors {
  readonly world: World;
  readonly traffic: Traffic;
  readonly operator: Operator;
  readonly random: () => number;
}

/** Traffic, and in it one kill after the other. */
async function disturb({ kills, clients }: Options, { world, traffic, operator, random }: Actors): Promise<Disturbed> {
  const counts: Record<string, number> = {};
  let inFlight = 0;
  traffic.start(clients);
  operator.start();
  try {
    for (let n = 0; n < kills; n++) {
      await pause(QUIET_MS + random() * SPREAD_MS);
      const victim = world.pick();
      inFlight += traffic.inFlight;
      await world.kill(victim);
      counts[victim] = (counts[victim] ?? 0) + 1;
      say(`kill ${n + 1} of ${kills}: ${victim}`);
    }
    await pause(QUIET_MS);
  } finally {
    await Promise.all([traffic.stop(), operator.stop()]);
  }
  return { kills: counts, inFlight };
}

/** The usage logs of all gateways that there were. */
function usageFolders(home: string): string[] {
  const gateways = join(home, 'gateways');
  return readdirSync(gateways).map((name) => join(gateways, name, 'usage'));
}

type Summary = Disturbed & Audit & { readonly topUps: number; readonly refunds: number; readonly endedBadly: readonly string[]; readonly isGood: boolean };

function textOf({ kills, inFlight, topUps, refunds, endedBadly, isGood, ...report }: Summary): string {
  const line = (name: string, value: number, note = '') => `${name.padEnd(24)}${String(value).padStart(8)}${note && `   ${note}`}`;
  return [
    line(
      'kills',
      Object.values(kills).reduce((sum, count) => sum + count, 0),
      Object.entries(kills)
        .map(([victim, count]) => `${victim} ${count}`)
        .join(', '),
    ),
    line('in flight at the kills', inFlight, 'of at most so many the client may have been cut'),
    line('top-ups', topUps),
    line('refunds', refunds),
    render(report),
    ...endedBadly,
    isGood ? 'The books are right.' : 'The books are NOT right.',
  ].join('\n');
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
