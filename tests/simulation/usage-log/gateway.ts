import { UsageLog } from '../../../src/usage-log/log.ts';
import { Poster } from '../../../src/usage-log/poster.ts';
import { usageRecord } from '../../../src/usage-log/testing.ts';
import type { FakeClock } from '../../fake-clock.ts';
import type { SimDatabase } from './database.ts';
import { SimDisk } from './disk.ts';
import { SimProcess } from './process.ts';
import type { Weather } from './weather.ts';

/** As much as a hundredth of the product's own, so that segments fill up in a short run. */
export const LIMITS = { segmentBytesMax: 1_500, syncAfterBytes: 900, keptBytesMax: 2_400 };
const POSTER_LIMITS = { batchRecordsMax: 5, readBytesMax: 800 };

export interface GatewayOptions {
  readonly name: string;
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly database: SimDatabase;
  readonly weather: Weather;
  broken(message: string): void;
  /** Told of what happens, for who replays a seed. */
  trace(event: string): void;
}

/** One record's way: what the client was told, and whether its record is owed to it. */
interface Call {
  readonly id: string;
  readonly life: number;
  readonly fields: string;
  state: 'waiting' | 'acknowledged' | 'refused' | 'gone';
  /** A power cut came before it was on the disk, which the settings allow. */
  forgiven: boolean;
}

/** A gateway over its lives: the disk stays, the process does not. */
export class SimGateway {
  readonly disk: SimDisk;
  readonly calls: Call[] = [];
  readonly sync: 'group' | 'before-answer';
  state: 'down' | 'starting' | 'up' | 'stopping' = 'down';
  #process: SimProcess;
  #log: UsageLog | undefined;
  #poster: Poster | undefined;
  #lives = 0;
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { random, clock, database, weather, name } = options;
    this.sync = random() < 0.5 ? 'group' : 'before-answer';
    const removing = (segment: string, ids: readonly string[]) => {
      // What its client saw fail is owed to nobody.
      const lost = this.owed().filter(({ id }) => ids.includes(id) && !database.has(id));
      if (lost.length > 0) options.broken(`${name} removed segment ${segment} before ${lost.map(({ id }) => id).join(', ')} was posted`);
    };
    const trace = (event: string) => options.trace(`${name}: ${event}`);
    this.disk = new SimDisk({ random, now: () => clock.monotonic(), removing, trace }, weather);
    this.#process = new SimProcess(clock);
  }

  get writable(): boolean {
    return this.#log?.writable ?? false;
  }

  start(): void {
    if (this.state !== 'down') return;
    this.#lives++;
    this.#options.trace(`${this.#options.name}: starts its life ${this.#lives}, ${this.sync}`);
    const process = (this.#process = new SimProcess(this.#options.clock));
    this.state = 'starting';
    this.disk.onCrash = () => this.crash('kill');
    const storage = this.disk.mount(process);
    UsageLog.open({ clock: process.clock, storage, sync: this.sync, ...LIMITS }).then(
      (log) => {
        // Killed in the moment in which it was open.
        if (!process.alive) return;
        this.#log = log;
        this.state = 'up';
        this.startPoster();
      },
      () => process.alive && this.#ended(),
    );
  }

  /** The poster alone may be ended and begun again. */
  async restartPoster(): Promise<void> {
    const poster = this.#poster;
    if (this.state !== 'up' || !poster) return;
    this.#options.trace(`${this.#options.name}: its poster ends`);
    this.#poster = undefined;
    const process = this.#process;
    await poster.close();
    if (process.alive) this.startPoster();
  }

  startPoster(): void {
    const { database, broken, name } = this.#options;
    const process = this.#process;
    const log = this.#log;
    if (!log || this.#poster) return;
    const life = this.#lives;
    const trace = (event: string) => this.#options.trace(`${name}: ${event}`);
    trace('a poster starts');
    const told = new Set<string>();
    const post: ConstructorParameters<typeof Poster>[0]['post'] = async (batch) => {
      const ids = batch.records.map(({ requestId }) => requestId);
      for (const id of ids) {
        if (told.has(id)) broken(`${name} posted ${id} again after it was told that it is posted`);
        if (!this.disk.isWritten(id)) broken(`${name} posts ${id}, which is not in the log`);
      }
      trace(`posts ${ids.join(' ')}`);
      await process.given(database.post(batch, process));
      trace('is told that they are posted');
      for (const id of ids) told.add(id);
    };
    const poster = new Poster({
      clock: process.clock,
      storage: this.disk.mount(process),
      log,
      post,
      report: ({ message, error }) => trace(`reports: ${message} (${error})`),
      ...POSTER_LIMITS,
    });
    if (!process.alive) return;
    this.#poster = poster;
    void poster.replayed.then(() => {
      const missing = this.owed().find((call) => call.life < life && !database.has(call.id));
      if (missing) broken(`${name} says that its former lives are posted; ${missing.id} is not`);
    });
  }

  append(): void {
    const log = this.#log;
    if (this.state !== 'up' || !log) return;
    const { random, name } = this.#options;
    const life = this.#lives;
    const id = `${name}-${life}-${this.calls.length}`;
    const record = usageRecord(id, { startedAt: this.calls.length, priceVersion: random() < 0.5 ? 'v1' : '', model: 'é'.repeat(Math.floor(random() * 40)) });
    const call: Call = { id, life, fields: JSON.stringify([record.startedAt, record.model, record.priceVersion]), state: 'waiting', forgiven: false };
    this.calls.push(call);
    log.append(record).then(
      () => this.#acknowledged(call),
      () => (call.state = 'refused'),
    );
  }

  /** SIGTERM: as the product ends, the log first, then the poster. */
  async stop(): Promise<void> {
    const poster = this.#poster;
    if (this.state !== 'up' || !poster) return;
    this.#options.trace(`${this.#options.name}: stops`);
    this.state = 'stopping';
    const process = this.#process;
    // As the product does: an end that fails does not keep the others from theirs.
    await this.#log?.close().catch(() => undefined);
    await poster.close();
    if (process.alive) this.#ended();
  }

  crash(how: 'kill' | 'power-cut'): void {
    this.#options.trace(`${this.#options.name}: ${how}`);
    this.#process.alive = false;
    if (how === 'power-cut') this.#forgive();
    this.disk.crash(how);
    this.#ended();
  }

  /** What the database must have in the end. */
  owed(): Call[] {
    return this.calls.filter(({ state, forgiven }) => state === 'acknowledged' && !forgiven);
  }

  #acknowledged(call: Call): void {
    const { broken } = this.#options;
    if (call.state !== 'waiting') return;
    call.state = 'acknowledged';
    this.#options.trace(`${call.id} is acknowledged`);
    if (!this.disk.isWritten(call.id)) broken(`${call.id} was acknowledged and is not written`);
    if (this.sync === 'before-answer' && !this.disk.isDurable(call.id)) broken(`${call.id} was acknowledged before it was on the disk`);
  }

  #forgive(): void {
    const { database } = this.#options;
    for (const call of this.owed()) if (!database.has(call.id) && !this.disk.isDurable(call.id)) call.forgiven = true;
  }

  #ended(): void {
    this.#process.alive = false;
    this.state = 'down';
    this.#log = undefined;
    this.#poster = undefined;
    for (const call of this.calls) if (call.state === 'waiting') call.state = 'gone';
  }
}
