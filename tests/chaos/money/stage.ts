import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeFolder, writeCredentials } from '../../../src/app/home.ts';
import { startHarness } from '../../harness.ts';
import { freePort } from '../../../src/base/free-port.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { type Audit, audit } from './auditor.ts';
import { type Database, postgresDatabase, sqliteDatabase } from './database.ts';
import type { Attempt, Book, UsageRow } from './evidence.ts';
import { attempt, type Buyer, type Seen, type Watch } from './exchange.ts';
import { type Market, openMarket } from './market.ts';
import { readBook } from './read-book.ts';
import { readSegments, readTruth } from './read-logs.ts';

const WAIT_MS = 60_000;
const LOOK_MS = 25;
const QUOTA = 200;

export interface Said {
  readonly buyer?: Buyer;
  readonly stream?: boolean;
  readonly watch?: Watch;
}

/** One server on one home, which is killed at chosen moments; with all that an auditor needs. */
export class Stage implements AsyncDisposable {
  readonly #folder: string;
  readonly #database: Database;
  readonly #market: Market;
  readonly #key: string;
  readonly #port: number;
  readonly #attempts: Attempt[] = [];
  #server: ServerProcess | undefined;
  #calls = 0;

  private constructor(parts: { readonly folder: string; readonly database: Database; readonly market: Market; readonly key: string; readonly port: number }) {
    this.#folder = parts.folder;
    this.#database = parts.database;
    this.#market = parts.market;
    this.#key = parts.key;
    this.#port = parts.port;
  }

  static async open(db: 'sqlite' | 'postgres'): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'my-point-'));
    const home = join(folder, 'home');
    const database = db === 'postgres' ? await postgresDatabase(folder) : sqliteDatabase(homeFolder(home).database);
    const setUp = await startHarness({ home, database: database.target });
    const market = await openMarket(setUp, QUOTA);
    await setUp.stop();
    const port = await freePort();
    await writeCredentials(homeFolder(home).credentials, { url: `http://127.0.0.1:${port}`, key: setUp.key });
    return new Stage({ folder, database, market, key: setUp.key, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.kill('SIGKILL');
    await this.#database.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async start(): Promise<void> {
    const environment = { MODELYARD_ECHO_TRUTH: this.#truth, MODELYARD_LOG_LEVEL: 'warn', ...(this.#database.isProcess && { DATABASE_URL: this.#database.target }) };
    this.#server = await startServer(join(this.#folder, 'home'), this.#port, this.#key, { models: this.#market.models, environment });
  }

  /** Returns the exit code; null: it was killed. A server that still starts would be ended by SIGTERM without any order. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const server = this.#server;
    if (server && signal === 'SIGTERM') await until('the start', () => server.output().includes('serves on'));
    this.#server = undefined;
    return (await server?.kill(signal)) ?? null;
  }

  /** Those who call chat by a price above nothing, and by a quota. */
  get buyers(): readonly Buyer[] {
    return this.#market.buyers.filter(({ kind, subscription }) => kind === 'chat' && subscription !== '');
  }

  /** A call of the first buyer, or another; the auditor is told what came of it. */
  async say(text: string, { buyer = this.buyers[0], stream = false, watch = {} }: Said = {}): Promise<Seen> {
    if (!buyer) throw new Error('nobody calls');
    const call = `call-${this.#calls++}`;
    const body = JSON.stringify({
      model: buyer.model,
      messages: [{ role: 'user', content: `${call} ${text}` }],
      max_tokens: 50,
      ...(stream && { stream, stream_options: { include_usage: true } }),
    });
    const seen = await attempt(`http://127.0.0.1:${this.#port}`, { call, buyer, stream, idempotencyKey: undefined, body }, watch);
    const { mayRetry: _, ...told } = seen;
    this.#attempts.push(told);
    return seen;
  }

  /** How many calls an engine has begun. */
  get begun(): number {
    return readTruth(this.#truth).length;
  }

  book(): Promise<Book> {
    return readBook(this.#database.target);
  }

  /** What the usage log holds just now. */
  recorded(): UsageRow[] {
    return readSegments(this.#logs);
  }

  /** Records that are in the usage log and not yet in the database. */
  async unposted(): Promise<UsageRow[]> {
    const posted = new Set((await this.book()).usage.map(({ id }) => id));
    return this.recorded().filter(({ id }) => !posted.has(id));
  }

  /** Keeps a copy of the usage log; returns what puts it back, though it was posted and removed long since. */
  keepLog(): () => void {
    const kept = join(this.#folder, 'kept', String(this.#calls));
    mkdirSync(kept, { recursive: true });
    for (const name of this.#segments) copyFileSync(join(this.#log, name), join(kept, name));
    return () => {
      for (const name of readdirSync(kept)) copyFileSync(join(kept, name), join(this.#log, name));
    };
  }

  /** Until nothing of earlier runs is left: no lease is open, and their usage is posted. The present run has an empty segment of its own. */
  async recovered(): Promise<Book> {
    await until('the recovery', async () => this.#segments.length <= 1 && this.recorded().length === 0 && isSettled(await this.book()));
    return this.book();
  }

  async audit(): Promise<Audit> {
    const { changes } = this.#market;
    return audit({ truth: readTruth(this.#truth), clients: this.#attempts, segments: this.recorded(), receipts: [], receiptKey: '', changes, book: await this.book() });
  }

  get #truth(): string {
    return join(this.#folder, 'truth.jsonl');
  }

  get #log(): string {
    const [log] = this.#logs;
    if (log === undefined) throw new Error('there is no usage log');
    return log;
  }

  get #logs(): string[] {
    const gateways = join(this.#folder, 'home', 'gateways');
    return readdirSync(gateways).map((name) => join(gateways, name, 'usage'));
  }

  get #segments(): string[] {
    return readdirSync(this.#log).filter((name) => name.endsWith('.usage'));
  }
}

function isSettled({ leases, budgetPeriods }: Book): boolean {
  return leases.every(({ state }) => state !== 'open') && budgetPeriods.every(({ leased }) => leased === 0n);
}

/** @throws Error when it does not come true in a minute */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + WAIT_MS; !(await isTrue()); await new Promise((resolve) => setTimeout(resolve, LOOK_MS)))
    if (Date.now() > end) throw new Error(`${what} did not come`);
}
