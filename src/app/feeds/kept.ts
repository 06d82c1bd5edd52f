import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readCaller, readRoutes } from '../../contract/feed-codec.ts';
import type { CallerEntry, RoutesFeed } from '../../contract/feeds.ts';
import type { CallerRow, RoutesRow } from '../../db/feeds.ts';

/** The file's form: texts as the database has them, callers by the hashes of their keys. */
interface Written {
  readonly routes: RoutesRow;
  readonly callersVersion: number;
  readonly callers: Readonly<Record<string, string>>;
}

/** A gateway's own copy of both feeds, in memory and in one file that is replaced whole. The file holds hashes of keys, no key: readable by its owner only all the same. */
export class KeptFeeds {
  readonly #path: string;
  readonly #entries = new Map<string, CallerEntry>();
  readonly #texts = new Map<string, string>();
  #routes: RoutesRow = { version: 0, body: '' };
  #callersVersion = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What is known already: changes since then are wanted. */
  get versions(): { readonly routes: number; readonly callers: number } {
    return { routes: this.#routes.version, callers: this.#callersVersion };
  }

  find(hash: string): CallerEntry | undefined {
    return this.#entries.get(hash);
  }

  /** Reads the file. Returns the routes; undefined: there is no file that can be read. */
  async load(): Promise<RoutesFeed | undefined> {
    let written: Written;
    try {
      written = JSON.parse(await readFile(this.#path, 'utf8')) as Written;
    } catch {
      return undefined;
    }
    for (const [hash, entry] of Object.entries(written.callers)) this.takeCaller({ hash, entry, version: written.callersVersion });
    return written.routes.body === '' ? undefined : this.takeRoutes(written.routes);
  }

  takeRoutes(row: RoutesRow): RoutesFeed {
    this.#routes = row;
    return readRoutes(row.body);
  }

  takeCaller({ hash, entry, version }: CallerRow): void {
    this.#callersVersion = Math.max(this.#callersVersion, version);
    if (entry === null) {
      this.#entries.delete(hash);
      this.#texts.delete(hash);
      return;
    }
    this.#entries.set(hash, readCaller(entry));
    this.#texts.set(hash, entry);
  }

  async save(): Promise<void> {
    const written: Written = { routes: this.#routes, callersVersion: this.#callersVersion, callers: Object.fromEntries(this.#texts) };
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
