import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../contract/errors.ts';
import { badDigest, blobTooLarge, digestMismatch, diskFull, wrongOffset } from './errors.ts';

/** No file of a model is larger. */
const BLOB_BYTES_MAX = 1_099_511_627_776;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and 64 lower-case hex digits, checked: the only thing that a blob's path is ever made of (X19). */
export type Digest = `sha256:${string}`;

export function parseDigest(text: string): Digest {
  if (!DIGEST.test(text)) throw badDigest();
  return text as Digest;
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

  /** How many bytes of an upload have arrived. */
  async uploaded(digest: Digest): Promise<number> {
    return (await stat(this.#uploadPath(digest)).catch(() => undefined))?.size ?? 0;
  }

  /** Appends to an upload at `offset`, which must be what has arrived. When `total` is reached the bytes are verified and sealed. */
  async upload(digest: Digest, part: { readonly offset: number; readonly total: number; readonly chunks: AsyncIterable<Buffer> }): Promise<number> {
    if (part.total > BLOB_BYTES_MAX) throw blobTooLarge(BLOB_BYTES_MAX);
    if ((await this.size(digest)) === part.total) {
      this.unpublished.add(digest);
      return part.total;
    }
    await mkdir(this.#uploads, { recursive: true, mode: 0o700 });
    const path = this.#uploadPath(digest);
    const have = await this.uploaded(digest);
    if (have !== part.offset) throw wrongOffset(have);
    await using handle = await open(path, 'a', 0o600);
    const end = await appendAll(handle, part);
    if (end < part.total) return end;
    await this.#finishUpload(path, digest);
    return end;
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

  #uploadPath(digest: Digest): string {
    return join(this.#uploads, parseDigest(digest).slice('sha256:'.length));
  }
}

async function appendAll(
  handle: FileHandle,
  { offset, total, chunks }: { readonly offset: number; readonly total: number; readonly chunks: AsyncIterable<Buffer> },
): Promise<number> {
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
