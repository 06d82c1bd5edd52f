import type { RecordBatch } from '../../../src/usage-log/record.ts';
import type { FakeClock } from '../../fake-clock.ts';
import type { SimProcess } from './process.ts';
import type { Weather } from './weather.ts';

const SLOW_MS = 4_000;
const LATE_MS = 2_000;

/** A row as it came: the list of the record's values, its id first but for the checksum. */
type Row = readonly [checksum: number, id: string, ...values: unknown[]];

export interface DatabaseOptions {
  readonly clock: FakeClock;
  readonly random: () => number;
  broken(message: string): void;
}

/** A database on another machine: transactions, a primary key that takes no id twice, and every way in which an answer can fail to come. */
export class SimDatabase {
  weather: Weather;
  isUp = true;
  /** Committed ids in the order of their commits. */
  readonly order: string[] = [];
  readonly #rows = new Map<string, string>();
  readonly #options: DatabaseOptions;

  constructor(options: DatabaseOptions, weather: Weather) {
    this.#options = options;
    this.weather = weather;
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  row(id: string): string | undefined {
    return this.#rows.get(id);
  }

  async post(batch: RecordBatch, process: SimProcess): Promise<void> {
    const { random, clock } = this.#options;
    const rows = this.#read(batch);
    if (random() < this.weather.slowDatabase) await clock.after(random() * SLOW_MS);
    else await Promise.resolve();
    if (!this.isUp) throw new Error('ECONNREFUSED');
    if (random() < this.weather.busy) throw new Error('SQLITE_BUSY');
    // A transaction of a process that died meanwhile: it had sent its commit, or not.
    if (!process.alive && random() < 0.5) return;
    if (random() < this.weather.commitsLate) {
      clock.timer(random() * LATE_MS, () => process.alive && this.#commit(rows));
      throw new Error('timeout');
    }
    this.#commit(rows);
    if (random() < this.weather.answerLost) throw new Error('ECONNRESET');
  }

  #read(batch: RecordBatch): readonly Row[] {
    const rows = JSON.parse(batch.rows.json.toString()) as Row[];
    if (rows.length !== batch.count) this.#options.broken(`a batch of ${rows.length} rows says that it has ${batch.count}`);
    const place = batch.rows.fields.indexOf('priceVersion');
    const priced = rows.filter((row) => row[place] !== '').map((row) => row[1]);
    if (priced.join() !== batch.priced.map(({ requestId }) => requestId).join()) this.#options.broken('a batch has other priced records than its rows');
    return rows;
  }

  #commit(rows: readonly Row[]): void {
    for (const [, id, ...values] of rows) {
      const text = JSON.stringify(values);
      const before = this.#rows.get(id);
      if (before !== undefined && before !== text) this.#options.broken(`record ${id} came again with other values`);
      if (before !== undefined) continue;
      this.#rows.set(id, text);
      this.order.push(id);
    }
  }
}
