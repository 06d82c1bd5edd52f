import { chmod, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { Mutex } from '../../base/mutex.ts';
import { type Digest, digestOf, parseDigest } from './digest.ts';
import { digestMismatch } from './errors.ts';
import { Holds } from './holds.ts';
import { Uploads } from './uploads.ts';

const HOLD_MS_DEFAULT = 86_400_000;

export interface StoredBlob {
  readonly digest: Digest;
  readonly bytes: number;
}

export interface BlobStoreOptions {
  readonly clock?: Clock;
  /** What was uploaded waits so long to be published. */
  readonly holdMs?: number;
}

export interface AdoptOptions {
  readonly expected?: Digest;
  /** Keeps the blob until he releases it. */
  readonly holder?: string;
}

/**
 * Files by the sha256 of their bytes. A blob appears whole, verified and read-only, or not at all.
 * Its time of modification says when it was last known to be needed: garbage collection goes by that, also after a crash.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly uploads: Uploads;
  readonly holds = new Holds();
  /** Appearing, being claimed and being removed exclude each other. */
  readonly #names = new Mutex();

  constructor(folder: string, { clock = systemClock, holdMs = HOLD_MS_DEFAULT }: BlobStoreOptions = {}) {
    this.#folder = folder;
    this.#clock = clock;
    this.#holdMs = holdMs;
    this.uploads = new Uploads({ folder: join(folder, 'uploads'), clock, seal: (file, digest, holder) => this.#seal(file, digest, { holder, untilMs: clock.now() + holdMs }) });
  }

  path(digest: Digest): string {
    const hex = parseDigest(digest).slice('sha256:'.length);
    return join(this.#folder, 'sha256', hex.slice(0, 2), hex);
  }

  /** Bytes of the blob; undefined when it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await this.stat(digest))?.bytes;
  }

  /** `neededAt`: when it was last known to be needed, milliseconds since 1970. */
  async stat(digest: Digest): Promise<{ readonly bytes: number; readonly neededAt: number } | undefined> {
    const found = await stat(this.path(digest)).catch(() => undefined);
    return found && { bytes: found.size, neededAt: Math.round(found.mtimeMs) };
  }

  /** Bytes of a blob that is there, which from now on is kept for whoever is about to publish it; undefined when it is not there. */
  hold(digest: Digest, holder: string, untilMs = this.#clock.now() + this.#holdMs): Promise<number | undefined> {
    return this.#names.run(async () => {
      const bytes = await this.size(digest);
      if (bytes === undefined) return undefined;
      this.holds.add(digest, holder, untilMs);
      await this.touch(digest);
      return bytes;
    });
  }

  /** Is needed now. */
  async touch(digest: Digest): Promise<void> {
    const seconds = this.#clock.now() / 1_000;
    await utimes(this.path(digest), seconds, seconds).catch(ifMissing);
  }

  /** Takes a file of ours in (downloaded, extracted or converted), by renaming it: it must be on the same disk. */
  async adopt(file: string, { expected, holder }: AdoptOptions = {}): Promise<StoredBlob> {
    const digest = await digestOf(file);
    if (expected !== undefined && digest !== expected) throw digestMismatch(expected, digest);
    const { size } = await stat(file);
    await this.#seal(file, digest, holder === undefined ? undefined : { holder, untilMs: Number.POSITIVE_INFINITY });
    return { digest, bytes: size };
  }

  /** A folder for files on their way in, on the same disk. */
  async workFolder(name: string): Promise<string> {
    const folder = join(this.#folder, 'work', name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Where downloads that were cut wait to go on. */
  get downloadFolder(): string {
    return join(this.#folder, 'downloads');
  }

  /** Digests of all blobs. */
  async list(): Promise<Digest[]> {
    const root = join(this.#folder, 'sha256');
    const folders = await readdir(root).catch(() => []);
    const names = await Promise.all(folders.map((folder) => readdir(join(root, folder))));
    return names
      .flat()
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map((name) => `sha256:${name}` as const);
  }

  /**
   * Removes a blob, unless somebody holds it or it was needed after `neededUntilMs`. `forget` is done first: what is noted of a blob goes before it.
   * Returns whether it went. An engine that has opened it goes on reading it.
   */
  discard(digest: Digest, neededUntilMs: number, forget: () => Promise<void> = async () => undefined): Promise<boolean> {
    return this.#names.run(async () => {
      const found = await this.stat(digest);
      if (!found || found.neededAt > neededUntilMs || this.holds.has(digest, this.#clock.now())) return false;
      await forget();
      await rm(this.path(digest), { force: true });
      return true;
    });
  }

  /** Write, fsync, rename: what has a blob's name has a blob's bytes (S31). */
  async #seal(file: string, digest: Digest, hold: { readonly holder: string; readonly untilMs: number } | undefined): Promise<void> {
    const target = this.path(digest);
    await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
    {
      await using handle = await open(file, 'r');
      await handle.sync();
    }
    const seconds = this.#clock.now() / 1_000;
    await utimes(file, seconds, seconds);
    await chmod(file, 0o444);
    await this.#names.run(async () => {
      if (hold) this.holds.add(digest, hold.holder, hold.untilMs);
      await rename(file, target);
    });
    await using folder = await open(join(target, '..'), 'r');
    await folder.sync();
  }
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
