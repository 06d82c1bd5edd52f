import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/errors.ts';
import { badDigest, blobTooLarge, digestMismatch, diskFull, uploadBusy, wrongOffset } from './errors.ts';

/** No file of a model is larger. */
const BLOB_BYTES_MAX = 1_099_511_627_776;
const UPLOAD_KEPT_MS = 7 * 86_400_000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and 64 lower-case hex digits, checked: the only thing that a blob's path is ever made of (X19). */
export type Digest = `sha256:${string}`;

export function parseDigest(text: string): Digest {
  if (!DIGEST.test(text)) throw badDigest();
  return text as Digest;
}

/** One request's share of a file. `holder` is a safe name: an organisation's id. */
export interface UploadPart {
  readonly holder: string;
  readonly offset: number;
  readonly total: number;
  readonly chunks: AsyncIterable<Buffer>;
}

export interface StoredBlob {
  readonly digest: Digest;
  readonly bytes: number;
}

/** Files by the sha256 of their bytes. A blob appears whole, verified and read-only, or not at all. */
export class BlobStore {
  readonly #folder: string;
  readonly #uploads: string;
  /** Sealed by this process and not yet part of a version: garbage collection leaves them to whoever is about to publish. */
  readonly unpublished = new Set<string>();
  readonly #uploading = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#uploads = join(folder, 'uploads');
  }

  path(digest: Digest): string {
    const hex = parseDigest(digest).slice('sha256:'.length);
    return join(this.#folder, 'sha256', hex.slice(0, 2), hex);
  }

  /** Bytes of the blob; undefined when it is not there. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await stat(this.path(digest)).catch(() => undefined))?.size;
  }

  /** Takes a file of ours in (downloaded, extracted or converted), by renaming it: it must be on the same disk. */
  async adopt(file: string, expected?: Digest): Promise<StoredBlob> {
    const digest = await digestOf(file);
    if (expected !== undefined && digest !== expected) throw digestMismatch(expected, digest);
    const { size } = await stat(file);
    await this.#seal(file, digest);
    return { digest, bytes: size };
  }

  /** A folder for files on their way in, on the same disk. */
  async workFolder(name: string): Promise<string> {
    const folder = join(this.#folder, 'work', name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** How many bytes of an upload have arrived from one holder. */
  async uploaded(digest: Digest, holder: string): Promise<number> {
    return (await stat(this.#uploadPath(digest, holder)).catch(() => undefined))?.size ?? 0;
  }

  /**
   * Appends to a holder's upload at `offset`, which must be what has arrived. When `total` is reached the bytes are verified and
   * sealed. Each holder sends all bytes itself, also of a blob that is here already: knowing a digest is not having the file.
   */
  async upload(digest: Digest, { holder, ...part }: UploadPart): Promise<number> {
    if (part.total > BLOB_BYTES_MAX) throw blobTooLarge(BLOB_BYTES_MAX);
    const path = this.#uploadPath(digest, holder);
    if (this.#uploading.has(path)) throw uploadBusy();
    this.#uploading.add(path);
    try {
      await mkdir(this.#uploads, { recursive: true, mode: 0o700 });
      const have = await this.uploaded(digest, holder);
      if (have !== part.offset) throw wrongOffset(have);
      const end = await appendAll(path, part);
      if (end === part.total) await this.#finishUpload(path, digest);
      return end;
    } finally {
      this.#uploading.delete(path);
    }
  }

  /** Removes uploads that nobody has gone on with for a week. */
  async sweepUploads(nowMs: number): Promise<void> {
    for (const name of await readdir(this.#uploads).catch(() => [])) {
      const path = join(this.#uploads, name);
      const { mtimeMs } = await stat(path);
      if (nowMs - mtimeMs > UPLOAD_KEPT_MS) await rm(path, { force: true });
    }
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

  async remove(digest: Digest): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  async #finishUpload(path: string, digest: Digest): Promise<void> {
    const actual = await digestOf(path);
    if (actual !== digest) {
      await rm(path, { force: true });
      throw digestMismatch(digest, actual);
    }
    await this.#seal(path, digest);
  }

  /** Write, fsync, rename: what has a blob's name has a blob's bytes (S31). */
  async #seal(file: string, digest: Digest): Promise<void> {
    const target = this.path(digest);
    await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
    {
      await using handle = await open(file, 'r');
      await handle.sync();
    }
    this.unpublished.add(digest);
    await chmod(file, 0o444);
    await rename(file, target);
    await using folder = await open(join(target, '..'), 'r');
    await folder.sync();
  }

  #uploadPath(digest: Digest, holder: string): string {
    return join(this.#uploads, `${holder}-${parseDigest(digest).slice('sha256:'.length)}`);
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

/** sha256 of a file's bytes. */
export async function digestOf(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
