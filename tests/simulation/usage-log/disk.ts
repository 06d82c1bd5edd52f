import type { LogFile, LogStorage } from '../../../src/usage-log/storage.ts';
import type { SimProcess } from './process.ts';
import type { Weather } from './weather.ts';

const PAGE_BYTES = 64;
/** How long a slow operation takes, at most, ms. */
const SLOW_MS = 12;

interface Range {
  readonly from: number;
  readonly to: number;
}

interface SimFile {
  readonly name: string;
  bytes: Buffer;
  /** Up to here it survives a power cut, but for what a failed sync has dropped. */
  durable: number;
  readonly dropped: Range[];
  /** A sync that takes in all that is written so far: when it was asked for. Undefined: nobody has asked since the last write. */
  unsyncedSince: number | undefined;
  askedTo: number;
  syncing: number;
}

interface Operation<T> {
  readonly what: string;
  readonly fails: number;
  readonly act: () => T;
  /** What a failure, and what a crash leaves of it: the fraction that was done. */
  readonly failed?: (done: number) => void;
  readonly torn?: (done: number) => void;
}

const nothing = () => undefined;

const LINE = /^,\[\d+,"([^"]+)".*\]$/;

/** What a whole line of the log says it is. Its own reader: what judges the log must not be the log's. */
export function idsIn(bytes: Buffer): string[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => LINE.exec(line)?.[1] ?? []);
}

export interface DiskOptions {
  readonly random: () => number;
  /** Milliseconds of the world. */
  now(): number;
  /** Asked before a file goes. */
  removing(name: string, ids: readonly string[]): void;
  trace(event: string): void;
}

/**
 * A disk as the kernel gives it: a write is in the page cache, and survives a kill; a sync takes in what was written before it began; a failed
 * one drops what it should have taken in, and the next succeeds all the same. A power cut leaves of what was not synced all, a part, or
 * pages of zeros; a removal that was not yet on the disk is undone.
 */
export class SimDisk {
  weather: Weather;
  full = false;
  readonly #options: DiskOptions;
  readonly #files = new Map<string, SimFile>();
  readonly #removed: SimFile[] = [];
  readonly #at = new Map<string, { readonly file: SimFile } & Range>();
  readonly #underWay = new Set<() => void>();
  /** So many operations more, and the process is dead in the middle of one. */
  operationsLeft = Number.POSITIVE_INFINITY;
  onCrash: () => void = () => undefined;

  constructor(options: DiskOptions, weather: Weather) {
    this.#options = options;
    this.weather = weather;
  }

  get names(): string[] {
    return [...this.#files.keys()].toSorted();
  }

  /** Whether a record's whole line has been handed to the kernel. */
  isWritten(id: string): boolean {
    return this.#at.has(id);
  }

  isDurable(id: string): boolean {
    const at = this.#at.get(id);
    return at !== undefined && at.to <= at.file.durable && !at.file.dropped.some(({ from, to }) => from < at.to && at.from < to);
  }

  /** The segment whose bytes have waited longest without anybody asking for a sync, and for how many milliseconds. */
  get unasked(): { readonly name: string; readonly ms: number; readonly bytes: number } | undefined {
    return [...this.#files.values()]
      .flatMap(({ name, bytes, syncing, askedTo, unsyncedSince }) =>
        syncing > 0 || unsyncedSince === undefined ? [] : [{ name, ms: this.#options.now() - unsyncedSince, bytes: bytes.length - askedTo }],
      )
      .toSorted((a, b) => b.ms - a.ms)[0];
  }

  /** The disk as one process sees it. */
  mount(process: SimProcess): LogStorage {
    return {
      list: () => this.#operate(process, { what: 'list', fails: this.weather.readFails, act: () => this.names }),
      create: async (name) => {
        if (this.#files.has(name)) throw new Error(`EEXIST: ${name}`);
        const file: SimFile = { name, bytes: Buffer.alloc(0), durable: 0, dropped: [], unsyncedSince: undefined, askedTo: 0, syncing: 0 };
        // Others may see it before its maker is told, or never.
        if (this.#options.random() < 0.5) this.#files.set(name, file);
        await this.#operate(process, { what: `create ${name}`, fails: this.weather.createFails, act: () => this.#files.set(name, file) });
        return this.#handle(process, file);
      },
      read: (name, offset, bytesMax) =>
        this.#operate(process, { what: `read ${name} from ${offset}`, fails: this.weather.readFails, act: () => this.#read(name, offset, bytesMax) }),
      sync: async (name) => {
        const file = this.#files.get(name);
        if (!file) throw new Error(`ENOENT: ${name}`);
        await this.#sync(process, file);
      },
      remove: (name) => this.#operate(process, { what: `remove ${name}`, fails: this.weather.removeFails, act: () => this.#remove(name) }),
    };
  }

  /** What is under way is cut; after a power cut, what was not synced is lost as well. */
  crash(how: 'kill' | 'power-cut'): void {
    for (const cut of this.#underWay) cut();
    this.#underWay.clear();
    this.operationsLeft = Number.POSITIVE_INFINITY;
    if (how === 'power-cut') this.#cutPower();
    this.#removed.length = 0;
  }

  #handle(process: SimProcess, file: SimFile): LogFile {
    return {
      write: async (bytes) => {
        const append = (done: number) => this.#append(file, bytes.subarray(0, Math.floor(bytes.length * done)));
        await this.#operate(process, {
          what: `write ${file.name} ${idsIn(bytes).join(' ')}`,
          fails: this.full ? 1 : this.weather.writeFails,
          act: () => append(1),
          failed: append,
          torn: append,
        });
      },
      sync: () => this.#sync(process, file),
      close: async () => {
        // As the product's own storage does: a descriptor is not closed under what is under way.
        while (file.syncing > 0) await process.clock.after(1);
        await this.#operate(process, { what: `close ${file.name}`, fails: 0, act: () => undefined });
      },
    };
  }

  #sync(process: SimProcess, file: SimFile): Promise<void> {
    const to = file.bytes.length;
    const asked = file.unsyncedSince;
    file.unsyncedSince = undefined;
    file.askedTo = to;
    file.syncing++;
    const ended = () => {
      file.syncing--;
      file.durable = Math.max(file.durable, to);
    };
    const failed = () => {
      if (file.durable < to) file.dropped.push({ from: file.durable, to });
      ended();
    };
    const torn = () => {
      file.syncing = 0;
      file.unsyncedSince = asked ?? file.unsyncedSince;
    };
    return this.#operate(process, { what: `sync ${file.name} to ${to}`, fails: this.weather.syncFails, act: ended, failed, torn });
  }

  async #operate<T>(process: SimProcess, { what, fails, act, failed = nothing, torn = nothing }: Operation<T>): Promise<T> {
    const { random, trace } = this.#options;
    trace(what);
    const cut = () => torn(random());
    this.#underWay.add(cut);
    if (this.operationsLeft-- <= 0) this.onCrash();
    if (random() < this.weather.slowDisk) await process.clock.after(random() * SLOW_MS);
    else await Promise.resolve();
    if (!process.alive) await new Promise(() => undefined);
    this.#underWay.delete(cut);
    trace(`done: ${what}`);
    if (random() >= fails) return act();
    trace(`failed: ${what}`);
    failed(random());
    throw new Error('EIO');
  }

  #read(name: string, offset: number, bytesMax: number): Buffer {
    const file = this.#files.get(name);
    if (!file) throw new Error(`ENOENT: ${name}`);
    return Buffer.from(file.bytes.subarray(offset, offset + bytesMax));
  }

  #append(file: SimFile, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const from = file.bytes.length;
    file.bytes = Buffer.concat([file.bytes, bytes]);
    file.unsyncedSince ??= this.#options.now();
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      const id = LINE.exec(bytes.toString('latin1', at, end))?.[1];
      if (id !== undefined) this.#at.set(id, { file, from: from + at, to: from + end + 1 });
      at = end + 1;
    }
  }

  #remove(name: string): void {
    const file = this.#files.get(name);
    if (!file) return;
    this.#options.removing(name, idsIn(file.bytes));
    this.#files.delete(name);
    this.#removed.push(file);
  }

  #cutPower(): void {
    const { random } = this.#options;
    for (const file of this.#removed) if (!this.#files.has(file.name) && random() < 0.3) this.#files.set(file.name, file);
    for (const file of this.#files.values()) {
      for (const { from, to } of file.dropped) file.bytes.fill(0, from, to);
      for (let page = file.durable; page < file.bytes.length; page += PAGE_BYTES) if (random() < 0.2) file.bytes.fill(0, page, Math.min(page + PAGE_BYTES, file.bytes.length));
      const rest = random() < 0.5 ? 0 : Math.floor(random() * (file.bytes.length - file.durable + 1));
      file.bytes = file.bytes.subarray(0, file.durable + rest);
      file.durable = file.bytes.length;
      file.dropped.length = 0;
      file.unsyncedSince = undefined;
      file.syncing = 0;
    }
  }
}
