import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder, writeCredentials } from '../../../src/app/home.ts';
import { startHarness } from '../../harness.ts';
import { seeded } from '../../seeded.ts';
import { type Audit, audit } from './auditor.ts';
import { Changes } from './changes.ts';
import { type Database, postgresDatabase, sqliteDatabase } from './database.ts';
import type { Buyer } from './exchange.ts';
import { type Market, openMarket, openUnpriced } from './market.ts';
import { Operator } from './operator.ts';
import type { Options } from './options.ts';
import { readBook, readSettled } from './read-book.ts';
import { readClients, readSegments, readTruth } from './read-logs.ts';
import { Traffic } from './traffic.ts';
import { type Victim, World } from './world.ts';

const QUIET_MS = 300;
const SPREAD_MS = 900;
const RECEIPTS_MAX = 300;
/** Few enough that calls beyond it come. */
const QUOTA_PER_KILL = 4;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a run did, what it did not break, and what it did. */
export interface Outcome extends Audit {
  readonly seconds: number;
  /** Processes whose posters write into one book. */
  readonly writers: number;
  readonly kills: Readonly<Record<Victim, number>>;
  /** Calls that were under way at the kills. */
  readonly inFlight: number;
  /** Records of charged calls that were in the usage log of a gateway that was killed: after its start they are posted again. */
  readonly settledAgain: number;
  readonly topUps: number;
  readonly refunds: number;
  readonly raises: number;
  readonly prices: number;
  readonly rotations: number;
  /** Whole answers, by kind of call; repeats too. */
  readonly answers: Readonly<Record<Buyer['kind'], number>>;
  /** Refusals, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Who did not end in good order. */
  readonly endedBadly: readonly string[];
  readonly isGood: boolean;
}

/** Kills real processes at random moments under mixed traffic, and then has an auditor that knows nothing of the product's code hold what engines did and clients saw against the books. */
export async function chaos(options: Options, say: (text: string) => void): Promise<Outcome> {
  // The product's own waits keep no process alive.
  const held = setInterval(() => undefined, 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'my-money-'));
  try {
    const database = options.db === 'postgres' ? await postgresDatabase(folder) : sqliteDatabase(homeFolder(join(folder, 'home')).database);
    try {
      return await runIn({ folder, database, options, say });
    } finally {
      await database.stop();
    }
  } finally {
    clearInterval(held);
    if (options.keep) say(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly database: Database;
  readonly options: Options;
  say(text: string): void;
}

async function runIn({ folder, database, options, say }: Place): Promise<Outcome> {
  const began = Date.now();
  const home = join(folder, 'home');
  const files = { truth: join(folder, 'truth.jsonl'), clients: join(folder, 'clients.jsonl') };
  const setUp = await startHarness({ home, database: database.target });
  const { key } = setUp;
  const market: Market = await (options.unpriced ? openUnpriced(setUp) : openMarket(setUp, QUOTA_PER_KILL * (1 + options.kills)));
  await setUp.stop();
  const random = seeded(options.seed);
  let settledAgain = 0;
  const whileDown = async (gateway: string) => {
    const settled = await readSettled(database.target);
    settledAgain += readSegments(usageFolders(home, gateway)).filter(({ id }) => settled.has(id)).length;
  };
  await using world = await World.start({ home, database, gateways: options.gateways, key, models: market.models, truthFile: files.truth, random, whileDown });
  const [url = ''] = world.urls;
  await writeCredentials(homeFolder(home).credentials, { url, key });
  const traffic = new Traffic({ urls: world.urls, buyers: market.buyers, file: files.clients, random: seeded(options.seed + 1) });
  const operator = new Operator({ url, key, poor: market.poor, budgets: market.terms?.budgets ?? [], paid: traffic.paid, random: seeded(options.seed + 2) });
  const changes = new Changes(url, market);
  const inFlight = await disturb({ options, say }, { world, traffic, operator, changes, random });
  const receipts = await operator.receipts(sample(traffic.paid, RECEIPTS_MAX, random));
  const receiptKey = await operator.receiptKey();
  const endedBadly = await world.stop();
  const report = audit({
    truth: readTruth(files.truth),
    clients: readClients(files.clients),
    segments: readSegments(usageFolders(home)),
    receipts,
    receiptKey,
    changes: changes.noted,
    book: await readBook(database.target),
  });
  const { topUps, refunds, raises } = operator;
  const did = { topUps, refunds, raises, prices: changes.prices, rotations: changes.rotations, answers: traffic.answers, refusals: Object.fromEntries(traffic.refusals) };
  const isGood = report.findings.length === 0 && endedBadly.length === 0 && report.cut <= inFlight;
  return { ...report, ...did, seconds: Math.round((Date.now() - began) / 1_000), writers: options.gateways, kills: world.kills, inFlight, settledAgain, endedBadly, isGood };
}

interface Actors {
  readonly world: World;
  readonly traffic: Traffic;
  readonly operator: Operator;
  readonly changes: Changes;
  readonly random: () => number;
}

/** Traffic, and in it one kill after the other. Returns how many calls were under way at the kills. */
async function disturb({ options: { kills, clients }, say }: Pick<Place, 'options' | 'say'>, { world, traffic, operator, changes, random }: Actors): Promise<number> {
  let inFlight = 0;
  traffic.start(clients);
  operator.start();
  try {
    for (let n = 0; n < kills; n++) {
      await changes.due(n / kills);
      await pause(QUIET_MS + random() * SPREAD_MS);
      const victim = world.pick();
      inFlight += traffic.inFlight;
      say(`kill ${n + 1} of ${kills}: ${await world.kill(victim)}`);
    }
    await changes.due(1);
    await pause(QUIET_MS);
  } finally {
    await Promise.all([traffic.stop(), operator.stop()]);
  }
  return inFlight;
}

/** The usage logs of all gateways that there were, or of those whose names begin so. */
function usageFolders(home: string, name = ''): string[] {
  const gateways = join(home, 'gateways');
  return readdirSync(gateways).flatMap((one) => (one.startsWith(name) ? [join(gateways, one, 'usage')] : []));
}

/** So many of them, picked by the seed. */
function sample<T>(from: readonly T[], count: number, random: () => number): T[] {
  return from
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ value }) => value);
}
