import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder } from '../../src/app/home.ts';
import { type Market, openMarket } from '../chaos/money/market.ts';
import { freePort } from '../../src/base/free-port.ts';
import { type ServerProcess, startServer } from '../chaos/server-process.ts';
import { startHarness } from '../harness.ts';
import { seeded } from '../seeded.ts';
import { Traffic } from './traffic.ts';
import { childrenOf, type Sample, sample, slopePerMinute, valueOf } from './watch.ts';

const CLIENTS = 10;
/** Requests of the free plan: it is used up within the first minute, and refuses from then on. */
const QUOTA = 100;
const KILL_EVERY_MS = 20_000;
/** What is idle is closed and given back within this time. */
const QUIET_MS = 120_000;
/** The share of the time that counts as warming up. */
const WARM_UP = 0.25;
/** Traffic before the first count: what a server opens once and keeps is open then. */
const OPENING_MS = 5_000;
const LOOK_AGAIN_MS = 2_000;

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  say(text: string): void;
}

export interface SoakOutcome {
  readonly seconds: number;
  readonly samples: readonly Sample[];
  readonly rssSlopeMiBPerMinute: number;
  readonly heapSlopeMiBPerMinute: number;
  readonly kills: number;
  /** What clients did, and what came of it. */
  readonly counts: Readonly<Record<string, number>>;
  /** What the server held when all was quiet, before any traffic and after all of it. */
  readonly quiet: { readonly before: Sample; readonly after: Sample };
  /** What is left that should not be; 0 each. */
  readonly leaks: Readonly<Record<string, number>>;
}

/** Everything that clients, engines and operators do, for as long as told, against a real server; then what is left of it. */
export async function soak(options: SoakOptions): Promise<SoakOutcome> {
  const home = mkdtempSync(join(tmpdir(), 'my-soak-'));
  try {
    const setUp = await startHarness({ home, database: homeFolder(home).database });
    const { key } = setUp;
    const market = await openMarket(setUp, QUOTA);
    await setUp.stop();
    return await soakIn({ home, key, market, port: await freePort() }, options);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Place {
  readonly home: string;
  readonly key: string;
  readonly market: Market;
  readonly port: number;
}

const start = ({ home, key, market, port }: Place): Promise<ServerProcess> =>
  startServer(home, port, key, { models: market.models, environment: { MODELYARD_LOG_LEVEL: 'error' } });

async function soakIn(place: Place, { seconds, seed, say }: SoakOptions): Promise<SoakOutcome> {
  const { key, market } = place;
  const began = performance.now();
  const random = seeded(seed);
  const server = await start(place);
  const pid = server.child.pid ?? 0;
  const look = async () => sample(pid, performance.now() - began, await textOf(server, '/metrics', key));
  try {
    await new Traffic({ url: server.url, operatorKey: key, buyers: market.buyers, random }).runFor(OPENING_MS, CLIENTS);
    const before = await quietly(server, key, look);
    const traffic = new Traffic({ url: server.url, operatorKey: key, buyers: market.buyers, random });
    const { samples, kills } = await under(traffic, { seconds, look, pid, random, say });
    const after = await quietly(server, key, look, before);
    const metrics = await textOf(server, '/metrics', key);
    const warm = samples.slice(Math.floor(samples.length * WARM_UP));
    const exit = await server.kill('SIGTERM');
    return {
      seconds: Math.round((performance.now() - began) / 1_000),
      samples,
      rssSlopeMiBPerMinute: slopePerMinute(warm, 'rssBytes') / 1_048_576,
      heapSlopeMiBPerMinute: slopePerMinute(warm, 'heapBytes') / 1_048_576,
      kills,
      counts: Object.fromEntries([...traffic.counts].toSorted(([a], [b]) => a.localeCompare(b))),
      quiet: { before, after },
      leaks: {
        'calls waiting': valueOf(metrics, 'modelyard_calls_waiting'),
        'calls running': valueOf(metrics, 'modelyard_calls_running'),
        descriptors: Math.max(0, after.descriptors - before.descriptors),
        sockets: Math.max(0, after.sockets - before.sockets),
        threads: Math.max(0, after.threads - before.threads),
        'exit code': exit ?? -1,
        ...(await booksOf(place)),
      },
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

interface Under {
  readonly seconds: number;
  readonly pid: number;
  readonly random: () => number;
  look(): Promise<Sample>;
  say(text: string): void;
}

/** Traffic for its time; now and then an engine is killed. */
async function under(traffic: Traffic, { seconds, look, pid, random, say }: Under): Promise<{ samples: Sample[]; kills: number }> {
  const samples: Sample[] = [];
  const until = performance.now() + seconds * 1_000;
  // Some hundred samples, however long it takes.
  const every = Math.max(500, (seconds * 1_000) / 300);
  let kills = 0;
  let nextKill = performance.now() + Math.min(KILL_EVERY_MS, (seconds * 1_000) / 4);
  traffic.start(CLIENTS);
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, every));
    const one = await look();
    samples.push(one);
    if (samples.length % 30 === 0)
      say(
        `${(one.at / 60_000).toFixed(1)} min: RSS ${mib(one.rssBytes)} MiB, heap ${mib(one.heapBytes)} MiB, ${one.descriptors} descriptors, ${one.sockets} sockets, ${kills} kills`,
      );
    if (performance.now() < nextKill) continue;
    const engines = childrenOf(pid);
    const engine = engines[Math.floor(random() * engines.length)];
    if (engine !== undefined) process.kill(engine, 'SIGKILL');
    kills++;
    nextKill = performance.now() + Math.min(KILL_EVERY_MS, (seconds * 1_000) / 4);
  }
  await traffic.stop();
  return { samples, kills };
}

/** Waits until nothing runs and no more is open than before, or than a while ago. */
async function quietly(server: ServerProcess, key: string, look: () => Promise<Sample>, before?: Sample): Promise<Sample> {
  const until = performance.now() + QUIET_MS;
  let last = await look();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    const metrics = await textOf(server, '/metrics', key);
    const one = await look();
    const isIdle = valueOf(metrics, 'modelyard_calls_waiting') + valueOf(metrics, 'modelyard_calls_running') === 0;
    const isSettled = before ? one.descriptors <= before.descriptors && one.threads <= before.threads : one.descriptors === last.descriptors && one.threads === last.threads;
    if ((isIdle && isSettled) || performance.now() > until) return one;
    last = one;
  }
}

/** The next process on the home reads what the last one has left in the books. */
async function booksOf(place: Place): Promise<Record<string, number>> {
  await using server = await start(place);
  const { data: gateways } = JSON.parse(await textOf(server, '/api/v1/gateways', place.key)) as { data: { leases: number; held: string }[] };
  const { faults, unbilled } = JSON.parse(await textOf(server, '/api/v1/ledger/check', place.key)) as { faults: unknown[]; unbilled: unknown[] };
  const wallets = await Promise.all(
    [...new Set(place.market.buyers.map(({ key }) => key))].map(async (key) => JSON.parse(await textOf(server, '/api/v1/wallet', key)) as { held?: string }),
  );
  return {
    leases: gateways.reduce((sum, { leases }) => sum + leases, 0),
    'credit held': wallets.reduce((sum, { held }) => sum + Number(held ?? 0), 0),
    'faults of the book': faults.length,
    'calls without a bill': unbilled.length,
  };
}

async function textOf(server: ServerProcess, path: string, key: string): Promise<string> {
  // No connection of ours stays open to be counted.
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${key}`, connection: 'close' } });
  return response.text();
}

export function mib(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
