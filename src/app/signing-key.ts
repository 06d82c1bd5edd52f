import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Fault } from '../contract/errors.ts';

const BYTES = 32;

/** The home's own secret, made at the first start: what webhooks' secrets are derived from. Readable by its owner only; in no table and no log. */
export async function readSigningKey(file: string): Promise<Buffer> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const made = randomBytes(BYTES);
    await writeFile(file, `${made.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== BYTES)
    throw new Fault(
      'conflict',
      'bad_signing_key',
      `${file} does not hold ${BYTES} bytes in base64; put back the one of your backup, or remove it: every webhook then gets a new secret.`,
    );
  return key;
}
