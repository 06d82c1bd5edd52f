import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Both feeds as a gateway keeps them between starts. */
export interface KeptFeeds {
  readonly routes: string;
  readonly routesVersion: number;
  /** Entries by the hashes of their keys. */
  readonly callers: Readonly<Record<string, string>>;
  readonly callersVersion: number;
}

export interface FeedStore {
  /** Undefined: there is nothing that can be read. */
  read(): Promise<KeptFeeds | undefined>;
  write(feeds: KeptFeeds): Promise<void>;
}

/** One file, replaced whole. It holds hashes of keys, no key: readable by its owner only all the same. */
export function feedFile(path: string): FeedStore {
  return {
    async read() {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as KeptFeeds;
      } catch {
        return undefined;
      }
    },
    async write(feeds) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(`${path}.new`, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(feeds));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
  };
}
