import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { type ArchiveEntry, type ArchiveLimits, checkEntries, checkRatio, type OpenArchive, tooLarge, tooManyEntries } from './archive-entries.ts';
import { badArchive } from './errors.ts';

const KIND_OF_TYPE: Readonly<Record<string, string>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  Link: 'a hard link',
  SymbolicLink: 'a symbolic link',
  CharacterDevice: 'a character device',
  BlockDevice: 'a block device',
  FIFO: 'a named pipe',
};

/** A control character, such as NUL, in a name that an extended header gives. */
const CONTROL_IN_PAX = / (path|linkpath)=[^\n]*(?!\n)\p{Cc}/u;

/** Reads a .tgz once from end to end and checks every header; its bytes go nowhere. @throws Fault `bad_archive` */
export async function openTar(path: string, limits: ArchiveLimits): Promise<OpenArchive> {
  const archiveBytes = (await stat(path)).size;
  const entries: ArchiveEntry[] = [];
  let total = 0;
  await walk({ path, archiveBytes, limits, signal: undefined }, (entry) => {
    total += entry.size;
    if (entries.push(described(entry)) > limits.entriesMax) throw tooManyEntries(limits);
    if (!(total <= limits.unpackedBytesMax)) throw tooLarge(limits);
    entry.resume();
  });
  checkEntries(entries, archiveBytes, limits);
  return { entries, copy: (targets, signal) => copy({ path, archiveBytes, limits, signal }, targets), close: () => undefined };
}

function described(entry: ReadEntry): ArchiveEntry {
  return { name: entry.path, kind: KIND_OF_TYPE[entry.type] ?? 'of an unknown type', bytes: entry.size, packedBytes: undefined };
}

async function copy(source: TarSource, targets: ReadonlyMap<string, string>): Promise<void> {
  const outs: { readonly stream: WriteStream; readonly done: Promise<void> }[] = [];
  try {
    await walk(source, (entry, stop) => {
      const target = targets.get(entry.path);
      if (target === undefined) {
        entry.resume();
        return;
      }
      const stream = createWriteStream(target, { flags: 'wx', mode: 0o600 });
      const done = finished(stream);
      done.catch(stop);
      outs.push({ stream, done });
      entry.pipe(stream);
    });
    await Promise.all(outs.map(({ done }) => done));
  } finally {
    for (const { stream } of outs) stream.destroy();
  }
}

interface TarSource {
  readonly path: string;
  readonly archiveBytes: number;
  readonly limits: ArchiveLimits;
  readonly signal: AbortSignal | undefined;
}

/** Shows every entry, links and devices too, in order. What `see` throws or gives to `stop` ends the walk. */
async function walk({ path, archiveBytes, limits, signal }: TarSource, see: (entry: ReadEntry, stop: (reason: unknown) => void) => void): Promise<void> {
  const stopped = new AbortController();
  const show = (entry: ReadEntry) => {
    try {
      if (!stopped.signal.aborted) see(entry, (reason) => stopped.abort(reason));
    } catch (error) {
      stopped.abort(error);
    }
  };
  const parser = new Parser({ strict: true, zstd: false, onReadEntry: show });
  parser.on('ignoredEntry', show);
  // The parser cuts a name at a NUL without a word.
  parser.on('meta', (text: string) => CONTROL_IN_PAX.test(text) && stopped.abort(badArchive('a name in it has a NUL')));
  try {
    await pipeline(createReadStream(path), createGunzip(), guard(archiveBytes, limits), parser as unknown as NodeJS.WritableStream, {
      signal: AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]),
    });
  } catch (error) {
    throw stopped.signal.aborted ? stopped.signal.reason : error;
  }
  stopped.signal.throwIfAborted();
}

/** Counts what comes out of gzip, before anyone looks at it. */
function guard(archiveBytes: number, limits: ArchiveLimits): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        // The parser would unpack a second time, uncounted.
        if (total === 0 && chunk[0] === 0x1f) throw badArchive('it is packed twice');
        total += chunk.length;
        if (total > limits.unpackedBytesMax) throw tooLarge(limits);
        checkRatio(total, archiveBytes, limits);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
