import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readCaller, readRoutes } from '../../contract/feed-codec.ts';
import type { CallerEntry, RoutesFeed } from '../../contract/feeds.ts';
import type { CallerRow, RoutesRow } from '../../db/feeds.ts';
import type { FeedVersions } from './follower.ts';

/** The file's form: texts as the database has them, callers by the hashes of their keys. */
interface Written {
  readonly generation: string;
  /** When the database last said that this is right; milliseconds since 1970. */
  readonly confirmedAt: number;
  readonly routes: RoutesRow;
  readonly callersVersion: number;
  readonly callers: Readonly<Record<string, string>>;
}

/** A gateway's own copy of both feeds, in memory and in one file that is replaced whole. The file holds hashes of keys, no key: readable by its owner only all the same. */
export class KeptFeeds {
  readonly #path: string;
  #callers = new CallerMap();
  /** The callers of a new generation, while they are read. */
  #renewing: CallerMap | undefined;
  #generation = '';
  /** When the database last said that this is right, as far as the file tells; milliseconds since 1970. */
  confirmedAt: number | undefined;
  #routes: RoutesRow = { version: 0, body: '' };
  #callersVersion = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is known already: changes since then are wanted. */
  get versions(): FeedVersions {
    return { generation: this.#generation, routes: this.#routes.version, callers: this.#callersVersion };
  }

  find(hash: string): CallerEntry | undefined {
    return this.#callers.entries.get(hash);
  }

  /** Reads the file. Returns the routes; undefined: there is no file that can be read. */
  async load(): Promise<RoutesFeed | undefined> {
    let written: Written;
    try {
      written = JSON.parse(await readFile(this.#path, 'utf8')) as Written;
    } catch {
      return undefined;
    }
    this.#generation = written.generation ?? '';
    this.confirmedAt = written.confirmedAt;
    for (const [hash, entry] of Object.entries(written.callers)) this.takeCaller({ hash, entry, version: written.callersVersion });
    return written.routes.body === '' ? undefined : this.takeRoutes(written.routes);
  }

  takeRoutes(row: RoutesRow): RoutesFeed {
    this.#routes = row;
    return readRoutes(row.body);
  }

  takeCaller({ hash, entry, version }: CallerRow): void {
    this.#callersVersion = version;
    (this.#renewing ?? this.#callers).take(hash, entry);
  }

  /** Callers come anew: until all have come, those of before are known. */
  renew(): void {
    this.#renewing = new CallerMap();
  }

  renewed(generation: string): void {
    this.#callers = this.#renewing ?? this.#callers;
    this.#renewing = undefined;
    this.#generation = generation;
  }

  /** @param confirmedAt when the database last said that this is right */
  async save(confirmedAt: number): Promise<void> {
    const written: Written = {
      generation: this.#generation,
      confirmedAt,
      routes: this.#routes,
      callersVersion: this.#callersVersion,
      callers: Object.fromEntries(this.#callers.texts),
    };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(written));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
  }
}

/** Entries, and what they were written as. */
class CallerMap {
  readonly entries = new Map<string, CallerEntry>();
  readonly texts = new Map<string, string>();

  take(hash: string, text: string | null): void {
    if (text === null) {
      this.entries.delete(hash);
      this.texts.delete(hash);
      return;
    }
    this.entries.set(hash, readCaller(text));
    this.texts.set(hash, text);
  }
}
