import type { Clock } from '../base/clock.ts';
import type { UsageRecord } from '../contract/usage.ts';
import { Handover } from './handover.ts';
import { type EncodedRecord, encodeRecord } from './record.ts';
import type { LogFile, LogStorage } from './storage.ts';

const SEGMENT_BYTES_MAX = 8 * 1_048_576;
/** Records that may wait for one write; far above what the request path can have in flight. */
const WAITING_MAX = 100_000;
const SYNC_AFTER_MS = 5;
/** After a failed write the disk is tried again this often: an unready gateway gets no calls that would. */
const PROBE_AFTER_MS = 1_000;
const SYNC_AFTER_BYTES = 1_048_576;

export interface UsageLogOptions {
  readonly clock: Clock;
  readonly storage: LogStorage;
  /** `group`: an answer waits for the write and the disk follows within 5 ms or 1 MiB; `before-answer`: it waits for the disk too. */
  readonly sync: 'group' | 'before-answer';
}

type Waiting = { readonly line: string; readonly encoded: EncodedRecord | undefined; resolve(): void; reject(error: unknown): void };

/**
 * The durable file that every answer waits for. Records are written in groups: whatever has gathered while the last write
 * was under way goes out as the next one. Each process starts a segment of its own, so a torn end is never written after.
 */
export class UsageLog {
  readonly #clock: Clock;
  readonly #storage: LogStorage;
  readonly #syncFirst: boolean;
  /** What is written and may be posted. */
  readonly written = new Handover();
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #file: LogFile | undefined;
  #segment = '';
  #sequence: number;
  #bytes = 0;
  #unsynced = 0;
  #cancelSync: (() => void) | undefined;
  #failure: unknown;
  #cancelProbe: (() => void) | undefined;
  #onWritten: () => void = () => undefined;

  private constructor({ clock, storage, sync }: UsageLogOptions, sequence: number) {
    this.#clock = clock;
    this.#storage = storage;
    this.#syncFirst = sync === 'before-answer';
    this.#sequence = sequence;
  }

  static async open(options: UsageLogOptions): Promise<UsageLog> {
    const names = await options.storage.list();
    const log = new UsageLog(options, Number.parseInt(names.at(-1) ?? '0', 10));
    await log.#roll();
    return log;
  }

  /** Whether the last write went well. A log that can't be written fails every call that needs it. */
  get writable(): boolean {
    return this.#failure === undefined;
  }

  /** The segment being written and its length: what a reader may read up to. */
  get end(): { readonly segment: string; readonly bytes: number } {
    return { segment: this.#segment, bytes: this.#bytes };
  }

  /** Called after each write: there is something to post. */
  onWritten(listener: () => void): void {
    this.#onWritten = listener;
  }

  append(record: UsageRecord): Promise<void> {
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(new Error('the usage log has too many records waiting'));
    const encoded = encodeRecord(record);
    return new Promise((resolve, reject) => {
      this.#enqueue({ line: encoded.line, encoded, resolve, reject });
    });
  }

  /** Writes and syncs all that was appended. */
  async close(): Promise<void> {
    await this.#writing;
    this.#cancelSync?.();
    this.#cancelProbe?.();
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = undefined;
  }

  #enqueue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // Let the other calls that end in this turn of the loop join the group: a microtask would be over before the next socket is read.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeGroup(group);
        this.#failure = undefined;
        for (const { resolve } of group) resolve();
        this.#onWritten();
      } catch (error) {
        this.#fail(error);
        // Half a line may stand in the file: nothing may be written after it.
        await this.#abandonSegment();
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const bytes = Buffer.from(group.map(({ line }) => line).join(''));
    if (!this.#file || this.#bytes + bytes.length > SEGMENT_BYTES_MAX) await this.#roll();
    if (!this.#file) throw new Error('the usage log is closed');
    await this.#file.write(bytes);
    const from = this.#bytes;
    this.#bytes += bytes.length;
    this.written.add({ segment: this.#segment, from, to: this.#bytes, parts: group.flatMap(({ encoded }) => encoded ?? []) });
    this.#unsynced += bytes.length;
    if (this.#syncFirst) await this.#sync();
    else if (this.#unsynced >= SYNC_AFTER_BYTES) void this.#sync().catch(() => undefined);
    else this.#cancelSync ??= this.#clock.timer(SYNC_AFTER_MS, () => void this.#sync().catch(() => undefined));
  }

  async #sync(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    this.#unsynced = 0;
    try {
      await this.#file?.sync();
    } catch (error) {
      // What the disk did not take may be lost: nothing more goes to this segment.
      this.#fail(error);
      await this.#abandonSegment();
      throw error;
    }
  }

  /** Not writable until a probe, or the next record, has got through. */
  #fail(error: unknown): void {
    this.#failure = error;
    this.#cancelProbe ??= this.#clock.timer(PROBE_AFTER_MS, () => this.#probe());
  }

  /** Writes an empty line; should that fail as well, `#fail` has set the next probe. */
  #probe(): void {
    this.#cancelProbe = undefined;
    this.#enqueue({ line: '\n', encoded: undefined, resolve: () => undefined, reject: () => undefined });
  }

  async #roll(): Promise<void> {
    if (this.#file) {
      await this.#sync();
      await this.#file.close();
      this.#file = undefined;
    }
    const segment = `${String(++this.#sequence).padStart(16, '0')}.usage`;
    this.#file = await this.#storage.create(segment);
    this.#segment = segment;
    this.#bytes = 0;
  }

  async #abandonSegment(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    // A full disk is probed again and again: no trail of empty files.
    if (this.#bytes === 0) await this.#storage.remove(this.#segment).catch(() => undefined);
  }
}
