import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const RANDOM_BYTES = 5;

/** The name of a home's gateway, made at the first start: the same after a restart, and unlike that of any other home on the same database. Credit is leased under it. */
export async function readGatewayName(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text !== undefined && text.trim() !== '') return text.trim();
  const made = `main-${randomBytes(RANDOM_BYTES).toString('hex')}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${made}\n`, { mode: 0o600 });
  return made;
}
