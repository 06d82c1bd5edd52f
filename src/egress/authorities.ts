import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import { invalid } from '../contract/errors.ts';

const FILE_BYTES_MAX = 1_048_576;

/** Node's own authorities and those of a file, PEM. @throws Fault that names the file when it can't be read or has none */
export async function authorities(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(`egress.caFile, ${file}, can't be read (${error.code ?? 'error'}).`, 'egress.caFile');
  });
  if (text.length > FILE_BYTES_MAX || !text.includes('-----BEGIN CERTIFICATE-----')) throw invalid(`egress.caFile, ${file}, has no certificates in PEM.`, 'egress.caFile');
  return [...getCACertificates('default'), text];
}
