import { mkdir, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../digest.ts';
import { diskFull } from '../errors.ts';
import { checkRoom } from '../room.ts';

/** A download that nobody goes on with is kept so long. */
export const DOWNLOAD_KEPT_MS = 7 * 86_400_000;

/** What the server said of the file whose first bytes are here. */
export interface About {
  /** A strong entity tag: the rest may be asked for as long as it is the same. */
  readonly etag: string | undefined;
  /** Bytes of the whole file, where the server said so. */
  readonly total: number | undefined;
  /** What the whole must be; undefined: whatever it is. */
  readonly digest: Digest | undefined;
  /** Where it came from, as a version says it. */
  readonly origin: string;
}

const UNKNOWN: About = { etag: undefined, total: undefined, digest: undefined, origin: '' };

/**
 * The first bytes of a file that is being downloaded, in a folder of its own, with what the server said of it: all that a later process needs to go on.
 * What is said is written before the bytes that it is about, so that after a crash the bytes are never taken for another file's.
 */
export class Partial {
  readonly #folder: string;
  #about: About;
  #bytes: number;

  private constructor(folder: string, about: About, bytes: number) {
    this.#folder = folder;
    this.#about = about;
    this.#bytes = bytes;
  }

  static async open(folder: string): Promise<Partial> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const about = await readAbout(join(folder, 'about.json'));
    const partial = new Partial(folder, about ?? UNKNOWN, (await stat(join(folder, 'bytes')).catch(() => undefined))?.size ?? 0);
    // A power cut may have left other bytes: without a digest nobody would notice.
    const isUnsure = about?.digest === undefined && partial.#bytes > 0;
    if (!about || isUnsure || (about.total !== undefined && partial.#bytes > about.total)) await partial.restart(UNKNOWN);
    return partial;
  }

  get path(): string {
    return join(this.#folder, 'bytes');
  }

  get about(): About {
    return this.#about;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isWhole(): boolean {
    return this.#bytes > 0 && this.#bytes === this.#about.total;
  }

  /** Begins again at the first byte, of the file that `about` describes. */
  async restart(about: About): Promise<void> {
    await truncate(this.path).catch(ifMissing);
    this.#bytes = 0;
    this.#about = about;
    const file = join(this.#folder, 'about.json');
    await writeFile(`${file}.new`, JSON.stringify(about), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /** @throws Fault `disk_full` where there is no room for what is still to come (S30) */
  async checkRoom(): Promise<void> {
    const { total } = this.#about;
    if (total !== undefined) await checkRoom(this.#folder, total - this.#bytes);
  }

  /** Adds what comes. What has come stays, however it ends. */
  async append(chunks: AsyncIterable<Buffer>, progress: () => void): Promise<void> {
    await using handle = await open(this.path, 'a', 0o600);
    for await (const chunk of chunks) {
      await handle.appendFile(chunk).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOSPC' ? diskFull() : error;
      });
      this.#bytes += chunk.length;
      progress();
    }
  }

  /** Removes it altogether. */
  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Removes downloads that nobody has gone on with for a week. */
export async function expirePartials(root: string, nowMs: number, dryRun = false): Promise<{ readonly count: number; readonly bytes: number }> {
  let count = 0;
  let bytes = 0;
  for (const name of await readdir(root).catch(() => [])) {
    const folder = join(root, name);
    const [file, about] = await Promise.all(['bytes', 'about.json'].map((part) => stat(join(folder, part)).catch(() => undefined)));
    // Of one that has just been opened nothing is written yet.
    const newest = Math.max(file?.mtimeMs ?? 0, about?.mtimeMs ?? 0, (await stat(folder).catch(() => undefined))?.mtimeMs ?? nowMs);
    if (nowMs - newest <= DOWNLOAD_KEPT_MS) continue;
    if (!dryRun) await rm(folder, { recursive: true, force: true });
    count++;
    bytes += file?.size ?? 0;
  }
  return { count, bytes };
}

async function readAbout(path: string): Promise<About | undefined> {
  try {
    const { etag, total, digest, origin } = JSON.parse(await readFile(path, 'utf8')) as About;
    return { etag, total, digest, origin };
  } catch {
    // Not there, or not whole after a power cut: then nothing is known of the bytes.
    return undefined;
  }
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
