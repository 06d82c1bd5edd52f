import { readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import type { Certificate } from '../http/listener.ts';

export interface CertificateFiles {
  /** The whole chain, PEM. */
  readonly certificate: string;
  /** PEM, without a passphrase. */
  readonly key: string;
}

/** A renewed certificate is served within this. */
const LOOK_EVERY_MS = 30_000;

/** @throws Fault that names the file, never what is in it */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const cert = await read(files.certificate, 'certificate');
  const key = await read(files.key, 'key');
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new Fault('invalid_argument', 'bad_certificate', `${files.certificate} and ${files.key} are no certificate and its key, in PEM and without a passphrase (${code}).`);
  }
  return { cert, key };
}

async function read(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Fault('invalid_argument', 'bad_certificate', `The file of exposure.tls.${what}, ${file}, can not be read (${error.code ?? 'unknown'}).`);
  });
}

export interface WatchOptions {
  readonly server: Server;
  readonly files: CertificateFiles;
  readonly clock: Clock;
  problem(error: unknown): void;
}

/** Serves a certificate that was renewed to new connections, without a restart; one that can't be read leaves the former in use. Returns how to stop. */
export function watchCertificate({ server, files, clock, problem }: WatchOptions): () => void {
  let seen = '';
  let stop = () => {};
  const look = async () => {
    const now = (await Promise.all([stat(files.certificate), stat(files.key)])).map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ');
    // At the first look too: it may have been renewed since the server read it.
    if (now !== seen) (server as unknown as SecureServer).setSecureContext(await readCertificate(files));
    seen = now;
  };
  let isClosed = false;
  const again = () => {
    if (isClosed) return;
    stop = clock.timer(LOOK_EVERY_MS, () => void look().catch(problem).finally(again));
  };
  void look().catch(problem).finally(again);
  return () => {
    isClosed = true;
    stop();
  };
}
