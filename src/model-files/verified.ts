import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Fault } from '../contract/errors.ts';

const CHUNK_BYTES = 1 << 20;

/** A file whose bytes were hashed through the descriptor that stays open: `path` leads to that inode, whatever the name means now. */
export interface VerifiedFile {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens `path` read-only and hashes what the open descriptor holds.
 * On Linux the answer's `path` is `/proc/self/fd/N`: a file put under the old name afterwards is never loaded. Elsewhere it is `path`.
 * @param digest `sha256:` and 64 lower-case hex digits
 * @throws Fault `digest_mismatch` when the bytes are others; `not_a_file` for anything but a regular file
 */
export async function openVerified(path: string, digest: string): Promise<VerifiedFile> {
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await handle.stat()).isFile()) throw new Fault('invalid_argument', 'not_a_file', 'A model file must be a regular file.');
    const actual = await sha256Of(handle);
    if (actual !== digest) {
      throw new Fault('invalid_argument', 'digest_mismatch', `The file's bytes have the digest ${actual}; the manifest says ${digest}. It is not loaded.`);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    path: process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path,
    close: () => handle.close(),
  };
}

async function sha256Of(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return `sha256:${hash.digest('hex')}`;
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
}
