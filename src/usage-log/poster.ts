import { backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { UsageLog } from './log.ts';
import { type DecodedRecords, decodeRecords, type RecordBatch } from './record.ts';
import type { LogStorage } from './storage.ts';

const BATCH_RECORDS_MAX = 1_000;
/** A batch gathers for this long, so that a transaction carries many records: each costs as much as writing some hundred of them. */
const GATHER_MS = 250;
/** More than a batch's lines. */
const READ_BYTES_MAX = 1_048_576;
const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 10_000;

export interface PosterOptions {
  readonly clock: Clock;
  readonly storage: LogStorage;
  readonly log: UsageLog;
  /** Moves records on, idempotent by request id. While it rejects, the records stay where they are (M23). */
  post(batch: RecordBatch): Promise<void>;
  /** Told of what can't be posted, and of damaged lines. */
  report(problem: { readonly message: string; readonly error?: unknown }): void;
  /** Tests take fewer at once. */
  readonly batchRecordsMax?: number;
  readonly readBytesMax?: number;
}

/**
 * Drains the usage log into `post`, oldest first: from memory what was just written, from the disk what is left of earlier. A segment
 * is removed once all of it is posted. There is no cursor: after a crash the segments that are left are posted again, which changes nothing.
 */
export class Poster {
  readonly #options: Required<PosterOptions>;
  #wake = Promise.withResolvers<void>();
  #stopping = false;
  readonly #stop = new AbortController();
  /** The oldest segment, once looked up. */
  #segment: string | undefined;
  /** How much of which segment is posted. */
  #posted: { readonly segment: string; readonly offset: number } = { segment: '', offset: 0 };
  #failures = 0;
  readonly #done: Promise<void>;
  /** The first segment of this process: what is older is a former one's. */
  readonly #own: string;
  readonly #replayed = Promise.withResolvers<void>();
  /** Resolves once all that former processes have recorded is posted. */
  readonly replayed: Promise<void> = this.#replayed.promise;

  constructor(options: PosterOptions) {
    this.#options = { batchRecordsMax: BATCH_RECORDS_MAX, readBytesMax: READ_BYTES_MAX, ...options };
    this.#own = options.log.end.segment;
    options.log.onWritten(() => this.#wake.resolve());
    this.#done = this.#run();
  }

  /** Posts all that is in the log, or gives up when `post` fails; the rest is posted after the next start. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#stop.abort();
    this.#wake.resolve();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (;;) {
      const moved = await this.#drain();
      if (this.#stopping && (moved === 0 || this.#failures > 0)) return;
      if (this.#failures > 0) await this.#pause(backoffMs(this.#failures - 1, RETRY_BASE_MS, RETRY_MAX_MS));
      else if (moved === 0) await this.#wake.promise;
      else if (moved < this.#options.batchRecordsMax) await this.#pause(GATHER_MS);
      this.#wake = Promise.withResolvers();
      if (this.#stopping) this.#wake.resolve();
    }
  }

  async #pause(ms: number): Promise<void> {
    // A stop cuts the pause short.
    if (!this.#stopping) await this.#options.clock.after(ms, this.#stop.signal).catch(() => undefined);
  }

  /** Moves one batch from the oldest segment. Returns how many records it moved. */
  async #drain(): Promise<number> {
    const { log, post, report, batchRecordsMax } = this.#options;
    try {
      const segment = (this.#segment ??= await this.#oldest());
      const isOpen = segment === log.end.segment;
      if (segment === undefined || segment >= this.#own) this.#replayed.resolve();
      if (segment === undefined) return 0;
      const { offset } = this.#posted;
      const { batch, bytes } = log.written.next(segment, offset, batchRecordsMax) ?? (await this.#read(segment, offset));
      if (batch.count > 0) await post(batch);
      this.#failures = 0;
      this.#posted = { segment, offset: offset + bytes };
      // Whether all of a segment is posted is for the disk to say: a write that failed may have left whole lines that memory has not.
      if (bytes === 0 && !isOpen) await this.#remove(segment);
      else if (bytes === 0) return 0;
      return Math.max(1, batch.count);
    } catch (error) {
      this.#failures++;
      // Looked up anew: the log takes an empty segment away when the disk refused its first write.
      this.#segment = undefined;
      report({ message: 'usage records could not be posted; they stay in the log', error });
      return 0;
    }
  }

  async #oldest(): Promise<string | undefined> {
    const [segment] = await this.#options.storage.list();
    if (segment !== undefined && segment !== this.#posted.segment) this.#posted = { segment, offset: 0 };
    return segment;
  }

  async #read(segment: string, offset: number): Promise<DecodedRecords> {
    const { storage, log, report, batchRecordsMax, readBytesMax } = this.#options;
    const { end } = log;
    // Of the segment that is being written no more is asked for than there is.
    const bytesMax = segment === end.segment ? Math.min(readBytesMax, end.bytes - offset) : readBytesMax;
    const bytes = bytesMax > 0 ? await storage.read(segment, offset, bytesMax) : Buffer.alloc(0);
    const read = decodeRecords(bytes, batchRecordsMax);
    if (read.damaged > 0) report({ message: `${read.damaged} damaged lines in usage segment ${segment}` });
    if (read.bytes > 0 || bytes.length < readBytesMax) return read;
    // No line is as long: a power cut has left zeros, and behind them, perhaps within these bytes, a record begins.
    const skipped = bytes.lastIndexOf(0) + 1 || bytes.length;
    report({ message: `${skipped} damaged bytes in usage segment ${segment}` });
    return { ...read, bytes: skipped };
  }

  async #remove(segment: string): Promise<void> {
    await this.#options.storage.remove(segment);
    this.#segment = undefined;
  }
}
