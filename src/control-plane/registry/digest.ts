import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { badDigest } from './errors.ts';

/** No file of a model is larger. */
export const BLOB_BYTES_MAX = 1_099_511_627_776;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and 64 lower-case hex digits, checked: the only thing that a blob's path is ever made of (X19). */
export type Digest = `sha256:${string}`;

export function parseDigest(text: string): Digest {
  if (!DIGEST.test(text)) throw badDigest();
  return text as Digest;
}

/** sha256 of a file's bytes. */
export async function digestOf(file: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
