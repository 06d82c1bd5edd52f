import { FakeClock } from '../../fake-clock.ts';
import { seeded } from '../../seeded.ts';
import { SimDatabase } from './database.ts';
import { LIMITS, SimGateway } from './gateway.ts';
import { CALM, type Weather, weatherOf } from './weather.ts';

const STEPS_MAX = 40;
/** After so long without a fault, ms, all that is owed must be posted: the poster's longest pause, and what a slow start takes. */
const SETTLES_MS = 60_000;
/** Bytes wait this long for a sync, ms. */
const SYNC_AFTER_MS = 5;
const GAPS_MS = [0, 0, 0.3, 2, 5, 20, 300, 3_000];

export interface WorldResult {
  readonly faults: readonly string[];
  readonly records: number;
  readonly crashes: number;
}

/** One world from one seed: gateways with a disk each, one database, and what goes wrong. The same seed gives the same run. */
class World {
  readonly clock = new FakeClock();
  readonly faults: string[] = [];
  crashes = 0;
  readonly gateways: readonly SimGateway[];
  readonly database: SimDatabase;
  readonly #random: () => number;
  readonly #weather: Weather;

  constructor(seed: number, trace: (line: string) => void) {
    const random = (this.#random = seeded(seed));
    const broken = (message: string) => void this.faults.push(message);
    this.#weather = weatherOf(random);
    this.database = new SimDatabase({ clock: this.clock, random, broken }, this.#weather);
    const names = random() < 0.3 ? ['a', 'b'] : ['a'];
    this.gateways = names.map(
      (name) =>
        new SimGateway({
          name,
          clock: this.clock,
          random,
          database: this.database,
          weather: this.#weather,
          broken,
          trace: (event) => trace(`${this.clock.monotonic().toFixed(2)} ${event}`),
        }),
    );
  }

  async run(): Promise<void> {
    const steps = Math.floor(this.#random() * STEPS_MAX);
    for (let step = 0; step < steps && this.faults.length === 0; step++) {
      for (const gateway of this.gateways) this.#act(gateway);
      if (this.#happens('databaseGoes')) this.database.isUp = !this.database.isUp;
      await this.#pass(GAPS_MS[Math.floor(this.#random() * GAPS_MS.length)] ?? 0);
      this.#checkSyncs();
    }
    await this.#settle();
  }

  #happens(what: keyof Weather): boolean {
    return this.#random() < this.#weather[what];
  }

  #act(gateway: SimGateway): void {
    if (gateway.state === 'down') gateway.start();
    for (let calls = Math.floor(this.#random() * 4); calls > 0; calls--) gateway.append();
    if (this.#happens('diskFills')) gateway.disk.full = !gateway.disk.full;
    if (this.#happens('crashAtOperation')) gateway.disk.operationsLeft = Math.floor(this.#random() * 12);
    if (this.#happens('posterRestart')) void gateway.restartPoster();
    if (this.#happens('stop')) void gateway.stop();
    for (const [what, how] of [
      ['kill', 'kill'],
      ['powerCut', 'power-cut'],
    ] as const) {
      if (!this.#happens(what)) continue;
      this.crashes++;
      gateway.crash(how);
    }
  }

  async #pass(ms: number): Promise<void> {
    await turn();
    if (ms > 0) await this.clock.advance(ms);
    await turn();
  }

  /** Nothing that is written waits for long until somebody asks the disk to keep it. */
  #checkSyncs(): void {
    for (const { disk, state } of this.gateways) {
      const { name, ms, bytes } = disk.unasked ?? { name: '', ms: 0, bytes: 0 };
      if (state === 'up' && ms > SYNC_AFTER_MS + 0.001) this.faults.push(`bytes of segment ${name} (of ${disk.names.join(' ')}) have waited for a sync for ${ms} ms`);
      if (state === 'up' && bytes >= LIMITS.syncAfterBytes) this.faults.push(`${bytes} bytes of segment ${name} wait, and nobody has asked for a sync`);
    }
  }

  /** All is well again: then all that is owed is posted, and each process ends when it is told to. */
  async #settle(): Promise<void> {
    this.database.weather = CALM;
    this.database.isUp = true;
    for (const { disk } of this.gateways) {
      disk.weather = CALM;
      disk.full = false;
      disk.operationsLeft = Number.POSITIVE_INFINITY;
    }
    await this.#until('all is posted', () => {
      for (const gateway of this.gateways) gateway.start();
      return this.gateways.every((gateway) => gateway.state === 'up' && gateway.writable && gateway.disk.names.length === 1 && this.#isPosted(gateway));
    });
    await this.#until('each process has ended', () => {
      for (const gateway of this.gateways) void gateway.stop();
      return this.gateways.every(({ state }) => state === 'down');
    });
    for (const gateway of this.gateways) this.#checkBook(gateway);
  }

  #isPosted(gateway: SimGateway): boolean {
    return gateway.calls.every((call) => call.state !== 'waiting') && gateway.owed().every(({ id }) => this.database.has(id));
  }

  async #until(what: string, isDone: () => boolean): Promise<void> {
    for (let passed = 0; passed < SETTLES_MS && this.faults.length === 0; passed += 500) {
      if (isDone()) return;
      await this.#pass(500);
    }
    if (this.faults.length === 0) this.faults.push(`after ${SETTLES_MS} ms without a fault it is not so that ${what}: ${this.#missing()}`);
  }

  #missing(): string {
    const states = this.gateways.map((gateway) => {
      const missing = gateway.owed().filter(({ id }) => !this.database.has(id));
      const waiting = gateway.calls.filter((call) => call.state === 'waiting');
      return `${gateway.state}, segments ${gateway.disk.names.join(' ')}, not posted: ${missing.map(({ id }) => id).join(' ')}, not answered: ${waiting.map(({ id }) => id).join(' ')}`;
    });
    return states.join('; ');
  }

  #checkBook(gateway: SimGateway): void {
    // What its client saw fail may come later, when a power cut brings a segment back.
    const places = new Map(gateway.owed().map((call) => [call.id, gateway.calls.indexOf(call)]));
    const posted = this.database.order.filter((id) => places.has(id)).map((id) => places.get(id) ?? 0);
    if (posted.some((place, i) => i > 0 && place < (posted[i - 1] ?? 0))) this.faults.push(`records were posted out of order: ${posted.join(' ')}`);
    for (const { id, fields } of gateway.calls) {
      const row = this.database.row(id);
      if (row !== undefined && fieldsOf(row) !== fields) this.faults.push(`${id} was posted as ${fieldsOf(row)}, not as ${fields}`);
    }
  }
}

/** Of a row without its checksum and id: when it began, the model, the price version. */
function fieldsOf(row: string): string {
  const values = JSON.parse(row) as unknown[];
  return JSON.stringify([values[0], values[5], values[21]]);
}

async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export async function simulate(seed: number, trace: (line: string) => void = () => undefined): Promise<WorldResult> {
  const world = new World(seed, trace);
  await world.run();
  return { faults: world.faults, records: world.database.order.length, crashes: world.crashes };
}
