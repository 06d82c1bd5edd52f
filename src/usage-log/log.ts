import type { Clock } from '../base/clock.ts';
import type { UsageRecord } from '../contract/usage.ts';
import { Group } from './group.ts';
import { Handover } from './handover.ts';
import type { LogFile, LogStorage } from './storage.ts';

const SEGMENT_BYTES_MAX = 8 * 1_048_576;
/** Groups of records that may wait for their write; far above what the request path can have in flight. */
const WAITING_GROUPS_MAX = 100;
/** Written lines that are kept for the poster: about 10,000 records, a second or more of all that one gateway can answer. */
const KEPT_BYTES_MAX = 4 * 1_048_576;
const SYNC_AFTER_MS = 5;
/** A group that grows waits for more, so long at most, ms, and for so many records at most: a write costs the thread as much as all else that a record does. */
const GATHER_MS = 1;
const GATHER_RECORDS = 64;
/** After a failed write the disk is tried again this often: an unready gateway gets no calls that would. */
const PROBE_AFTER_MS = 1_000;
const SYNC_AFTER_BYTES = 1_048_576;

export interface UsageLogOptions {
  readonly clock: Clock;
  readonly storage: LogStorage;
  /** `group`: an answer waits for the write and the disk follows within 5 ms or 1 MiB; `before-answer`: it waits for the disk too. */
  readonly sync: 'group' | 'before-answer';
  /** Tests keep fewer. */
  readonly keptBytesMax?: number;
  /** Tests have smaller ones. */
  readonly segmentBytesMax?: number;
  readonly syncAfterBytes?: number;
}

/**
 * The durable file that every answer waits for. Records are written in groups: whatever has gathered while the last write
 * was under way goes out as the next one. Each process starts a segment of its own, so a torn end is never written after.
 */
export class UsageLog {
  readonly #clock: Clock;
  readonly #storage: LogStorage;
  readonly #syncFirst: boolean;
  readonly #segmentBytesMax: number;
  readonly #syncAfterBytes: number;
  /** What is written and may be posted. */
  readonly written: Handover;
  readonly #waiting: Group[] = [];
  #writing: Promise<void> | undefined;
  #file: LogFile | undefined;
  #segment = '';
  #sequence: number;
  #bytes = 0;
  #unsynced = 0;
  #cancelSync: (() => void) | undefined;
  #syncing = false;
  #syncAgain = false;
  /** A sync has failed: the segment takes no more. */
  #spoilt = false;
  #closed = false;
  /** Segments that failed, until they are synced and closed. */
  #leaving: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #cancelProbe: (() => void) | undefined;
  #onWritten: () => void = () => undefined;

  private constructor(options: UsageLogOptions, sequence: number) {
    const { clock, storage, sync, keptBytesMax = KEPT_BYTES_MAX, segmentBytesMax = SEGMENT_BYTES_MAX, syncAfterBytes = SYNC_AFTER_BYTES } = options;
    this.written = new Handover(keptBytesMax);
    this.#segmentBytesMax = segmentBytesMax;
    this.#syncAfterBytes = syncAfterBytes;
    this.#clock = clock;
    this.#storage = storage;
    this.#syncFirst = sync === 'before-answer';
    this.#sequence = sequence;
  }

  static async open(options: UsageLogOptions): Promise<UsageLog> {
    const names = await options.storage.list();
    // A process that was killed did not live to sync what it had answered for. Where the disk refuses, there is nothing better to do than to post it soon.
    for (const name of names) await options.storage.sync(name).catch(() => undefined);
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

  /** Resolves when the record is written. What is appended while a write is under way goes out as one group with the next. */
  append(record: UsageRecord): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the usage log is closed'));
    const group = this.#openGroup();
    if (!group) return Promise.reject(new Error('the usage log has too many records waiting'));
    this.#writing ??= this.#writeAll();
    return group.add(record);
  }

  /** Writes and syncs all that was appended. */
  async close(): Promise<void> {
    await this.#writing;
    this.#closed = true;
    await this.#leaving;
    this.#cancelSync?.();
    this.#cancelProbe?.();
    const file = this.#file;
    this.#file = undefined;
    await file?.sync();
    await file?.close();
  }

  /** The group that a record joins now. */
  #openGroup(): Group | undefined {
    const last = this.#waiting.at(-1);
    if (last && !last.full) return last;
    if (this.#waiting.length >= WAITING_GROUPS_MAX) return undefined;
    const group = new Group();
    this.#waiting.push(group);
    return group;
  }

  async #writeAll(): Promise<void> {
    await this.#gather();
    for (;;) {
      if (this.#spoilt) this.#abandonSegment();
      const group = this.#waiting.shift();
      if (!group) break;
      try {
        await this.#writeGroup(group);
        if (!this.#spoilt) this.#failure = undefined;
        group.written();
        this.#onWritten();
        await this.#gather();
      } catch (error) {
        this.#fail(error);
        // Half a line may stand in the file: nothing may be written after it.
        this.#abandonSegment();
        group.failed(error);
      }
    }
    this.#writing = undefined;
  }

  /** Lets the calls that end in this turn of the loop join the group, and those of the next as long as each turn brings some: a lone call waits one turn. */
  async #gather(): Promise<void> {
    const until = this.#clock.monotonic() + GATHER_MS;
    for (let before = -1, now = 0; now > before && now < GATHER_RECORDS;) {
      before = now;
      // A microtask would be over before the next socket is read.
      await new Promise<void>((resolve) => setImmediate(resolve));
      now = this.#clock.monotonic() < until ? (this.#waiting.at(-1)?.count ?? 0) : 0;
    }
  }

  async #writeGroup({ text, count, priced }: Group): Promise<void> {
    const bytes = this.written.place(text);
    if (!this.#file || this.#bytes + bytes.length > this.#segmentBytesMax) await this.#roll();
    if (!this.#file) throw new Error('the usage log is closed');
    await this.#file.write(bytes);
    const from = this.#bytes;
    this.#bytes += bytes.length;
    this.written.add({ segment: this.#segment, from, to: this.#bytes, lines: bytes, count, priced });
    this.#unsynced += bytes.length;
    if (this.#syncFirst) await this.#sync();
    else if (this.#unsynced >= this.#syncAfterBytes) this.#syncBehind();
    else this.#cancelSync ??= this.#clock.timer(SYNC_AFTER_MS, () => this.#syncBehind());
  }

  /** Syncs while answers go on, one at a time: on a slow disk syncs would take all threads of the pool, and each write would wait for one. */
  #syncBehind(): void {
    this.#syncAgain = this.#syncing;
    if (this.#syncing) return;
    this.#syncing = true;
    void this.#sync()
      // The segment is left by who writes: what is being written to it now has to reach the disk as well.
      .catch(() => void (this.#writing ??= this.#writeAll()))
      .then(() => {
        this.#syncing = false;
        if (this.#syncAgain) this.#syncBehind();
      });
  }

  async #sync(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    this.#unsynced = 0;
    const file = this.#file;
    try {
      await file?.sync();
    } catch (error) {
      // What the disk did not take may be lost: nothing more goes to this segment.
      this.#fail(error);
      if (file === this.#file) this.#spoilt = true;
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
    if (this.#closed) return;
    this.#openGroup()?.addProbe();
    this.#writing ??= this.#writeAll();
  }

  async #roll(): Promise<void> {
    if (this.#file) {
      await this.#sync();
      await this.#file.close();
      this.#file = undefined;
    }
    const segment = `${String(++this.#sequence).padStart(16, '0')}.usage`;
    // Before it is there: a poster that finds it first must not take it for one that is complete, and remove it.
    this.#segment = segment;
    this.#bytes = 0;
    this.#spoilt = false;
    this.#file = await this.#storage.create(segment);
  }

  /** Only between writes, so that none is under way. What is left to do for the segment is done while answers go on. */
  #abandonSegment(): void {
    const file = this.#file;
    const segment = this.#segment;
    const isEmpty = this.#bytes === 0;
    this.#file = undefined;
    this.#spoilt = false;
    const leave = async () => {
      // What was answered before the failure is still owed to the disk.
      await file?.sync().catch(() => undefined);
      await file?.close().catch(() => undefined);
      // A full disk is probed again and again: no trail of empty files.
      if (isEmpty) await this.#storage.remove(segment).catch(() => undefined);
    };
    this.#leaving = Promise.all([this.#leaving, leave()]);
  }
}
