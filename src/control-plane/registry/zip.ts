import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { type ArchiveEntry, type ArchiveLimits, checkEntries, type OpenArchive, tooManyEntries } from './archive-entries.ts';
import { badArchive } from './errors.ts';

/** The type in a unix mode, which zip keeps in the upper half of the external attributes; 0 where the packer had none. */
const MODE_TYPES = 0o170000;
const KIND_OF_MODE: Readonly<Record<number, string>> = {
  0o120000: 'a symbolic link',
  0o060000: 'a block device',
  0o020000: 'a character device',
  0o010000: 'a named pipe',
  0o140000: 'a socket',
  0o040000: 'folder',
  0o100000: 'file',
  0: 'file',
};
const STORED = 0;
const DEFLATED = 8;

/** Reads the whole directory of a zip and checks it. @throws Fault `bad_archive` */
export async function openZip(path: string, limits: ArchiveLimits): Promise<OpenArchive> {
  const archiveBytes = (await stat(path)).size;
  const zip = await openPromise(path, { autoClose: false, strictFileNames: true, validateEntrySizes: true });
  try {
    if (zip.entryCount > limits.entriesMax) throw tooManyEntries(limits);
    const found: Entry[] = [];
    for await (const entry of zip.eachEntry()) if (found.push(entry) > limits.entriesMax) throw tooManyEntries(limits);
    const entries = found.map(described);
    checkEntries(entries, archiveBytes, limits);
    await checkOverlaps(zip, found);
    return { entries, copy: (targets, signal) => copy(zip, found, targets, signal), close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function described(entry: Entry): ArchiveEntry {
  if (entry.isEncrypted()) throw badArchive('it is encrypted');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw badArchive(`it is packed by the method ${entry.compressionMethod}; stored and deflated entries are accepted`);
  const byMode = KIND_OF_MODE[(entry.externalFileAttributes >>> 16) & MODE_TYPES] ?? 'of an unknown type';
  const kind = byMode === 'file' && entry.fileName.endsWith('/') ? 'folder' : byMode;
  return { name: entry.fileName, kind, bytes: entry.uncompressedSize, packedBytes: entry.compressedSize };
}

/** A bomb of the better kind lets many entries share the same packed bytes. */
async function checkOverlaps(zip: ZipFile, entries: readonly Entry[]): Promise<void> {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    if (entry.relativeOffsetOfLocalHeader < end) throw badArchive('its entries overlap');
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    end = fileDataStart + entry.compressedSize;
  }
}

async function copy(zip: ZipFile, entries: readonly Entry[], targets: ReadonlyMap<string, string>, signal: AbortSignal | undefined): Promise<void> {
  for (const entry of entries) {
    const target = targets.get(entry.fileName);
    if (target === undefined) continue;
    // The stream fails as soon as it has more bytes than the directory says.
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { flags: 'wx', mode: 0o600 }), { ...(signal && { signal }) });
  }
}
