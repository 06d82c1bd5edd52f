import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../contract/errors.ts';
import { BLOB_BYTES_MAX, type Digest, digestOf, parseDigest } from './digest.ts';
import { blobTooLarge, digestMismatch, diskFull, tooManyUploads, uploadBusy, wrongOffset } from './errors.ts';
import { checkRoom } from './room.ts';

/** An upload that nobody goes on with is kept so long. */
export const UPLOAD_KEPT_MS = 7 * 86_400_000;
/** One holder's uploads that are not whole. */
export const OPEN_UPLOADS_MAX = 256;

/** One request's share of a file. `holder` is a safe name: an organisation's id. */
export interface UploadPart {
  readonly holder: string;
  readonly offset: number;
  readonly total: number;
  readonly chunks: AsyncIterable<Buffer>;
}

/** What went of the uploads. */
export interface Expired {
  readonly count: number;
  readonly bytes: number;
}

export interface UploadsOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** Makes a blob of a file whose digest was verified, kept for its holder. */
  seal(file: string, digest: Digest, holder: string): Promise<void>;
}

/** Files that clients send by digest, in parts. Until one is whole it is a file of its holder's in a folder of its own, never a blob. */
export class Uploads {
  readonly #options: UploadsOptions;
  /** Those that a request is sending a part of just now. */
  readonly #busy = new Set<string>();

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** How many bytes have arrived from one holder. */
  async arrived(digest: Digest, holder: string): Promise<number> {
    return (await stat(this.#path(digest, holder)).catch(() => undefined))?.size ?? 0;
  }

  /**
   * Appends to a holder's upload at `offset`, which must be what has arrived. When `total` is reached the bytes are verified and
   * sealed. Each holder sends all bytes itself, also of a blob that is here already: knowing a digest is not having the file.
   */
  async append(digest: Digest, { holder, ...part }: UploadPart): Promise<number> {
    if (part.total > BLOB_BYTES_MAX) throw blobTooLarge(BLOB_BYTES_MAX);
    const path = this.#path(digest, holder);
    if (this.#busy.has(path)) throw uploadBusy();
    this.#busy.add(path);
    try {
      await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
      const have = await this.arrived(digest, holder);
      // All of it is here, and the process ended before it was sealed: whatever part comes now ends it.
      if (have > 0 && have === part.total) return await this.#finish(path, digest, { holder, bytes: have });
      if (have !== part.offset) throw wrongOffset(have);
      if (have === 0) await this.#admit(holder);
      await checkRoom(this.#options.folder, part.total - have);
      const end = await this.#write(path, part);
      return end === part.total ? await this.#finish(path, digest, { holder, bytes: end }) : end;
    } finally {
      this.#busy.delete(path);
    }
  }

  /** Removes uploads that nobody has gone on with for a week. */
  async expire(nowMs: number, dryRun = false): Promise<Expired> {
    let count = 0;
    let bytes = 0;
    for (const name of await readdir(this.#options.folder).catch(() => [])) {
      const path = join(this.#options.folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found || this.#busy.has(path) || nowMs - found.mtimeMs <= UPLOAD_KEPT_MS) continue;
      if (!dryRun) await rm(path, { force: true });
      count++;
      bytes += found.size;
    }
    return { count, bytes };
  }

  async #admit(holder: string): Promise<void> {
    const names = await readdir(this.#options.folder);
    if (names.filter((name) => name.startsWith(`${holder}-`)).length >= OPEN_UPLOADS_MAX) throw tooManyUploads(OPEN_UPLOADS_MAX);
  }

  async #write(path: string, part: Omit<UploadPart, 'holder'>): Promise<number> {
    try {
      return await appendAll(path, part);
    } catch (error) {
      // Its part would keep the disk full, and the usage log from being written, until it expires.
      if (error instanceof Fault && error.kind === 'insufficient_storage') await rm(path, { force: true });
      throw error;
    } finally {
      const seconds = this.#options.clock.now() / 1_000;
      await utimes(path, seconds, seconds).catch(() => undefined);
    }
  }

  async #finish(path: string, digest: Digest, { holder, bytes }: { readonly holder: string; readonly bytes: number }): Promise<number> {
    const actual = await digestOf(path);
    if (actual !== digest) {
      await rm(path, { force: true });
      throw digestMismatch(digest, actual);
    }
    await this.#options.seal(path, digest, holder);
    return bytes;
  }

  #path(digest: Digest, holder: string): string {
    return join(this.#options.folder, `${holder}-${parseDigest(digest).slice('sha256:'.length)}`);
  }
}

async function appendAll(path: string, { offset, total, chunks }: Omit<UploadPart, 'holder'>): Promise<number> {
  await using handle = await open(path, 'a', 0o600);
  let end = offset;
  try {
    for await (const chunk of chunks) {
      if (end + chunk.length > total) throw new Fault('invalid_argument', 'too_many_bytes', `The upload has more than the ${total} bytes that were announced.`);
      await handle.appendFile(chunk);
      end += chunk.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw diskFull();
    throw error;
  }
  return end;
}
