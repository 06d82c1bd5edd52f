import { badArchive } from './errors.ts';

/** What an archive's directory says of an entry; nothing of it is believed before `checkEntries`. */
export interface ArchiveEntry {
  readonly name: string;
  /** `file` and `folder` are accepted; anything else says what it is: "a symbolic link". */
  readonly kind: string;
  /** Unpacked. */
  readonly bytes: number;
  /** Packed; undefined where entries are not packed one by one (tar). */
  readonly packedBytes: number | undefined;
}

export interface ArchiveLimits {
  readonly entriesMax: number;
  readonly unpackedBytesMax: number;
  /** Unpacked bytes to packed bytes, of the whole and of every entry; small ones are exempt. */
  readonly ratioMax: number;
}

/** A wheel of a large framework has about 12,000 entries; weights are hardly compressible, text at most 20:1. */
export const ARCHIVE_LIMITS: ArchiveLimits = { entriesMax: 20_000, unpackedBytesMax: 137_438_953_472, ratioMax: 200 };
/** Below this, a ratio says nothing. */
const RATIO_FROM_BYTES = 1_048_576;
const NAME_CHARS_MAX = 1_024;

/** An archive whose whole directory was found harmless. */
export interface OpenArchive {
  readonly entries: readonly ArchiveEntry[];
  /** Writes entries, by name, to the given paths, which must not exist. */
  copy(targets: ReadonlyMap<string, string>, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

/** Refuses an archive whole when one entry could do harm, whether that entry is wanted or not (X17), or when it unpacks to too much (X18). */
export function checkEntries(entries: readonly ArchiveEntry[], archiveBytes: number, limits: ArchiveLimits): void {
  if (entries.length > limits.entriesMax) throw tooManyEntries(limits);
  const seen = new Map<string, string>();
  let total = 0;
  for (const entry of entries) {
    checkName(entry.name);
    if (entry.kind !== 'file' && entry.kind !== 'folder') throw badArchive(`"${shown(entry.name)}" is ${entry.kind}; only files and folders are accepted`);
    const key = entry.name.replace(/\/+$/, '').normalize('NFKC').toLowerCase();
    const other = seen.get(key);
    if (other !== undefined)
      throw badArchive(other === entry.name ? `"${shown(entry.name)}" is in it twice` : `"${shown(other)}" and "${shown(entry.name)}" are one name on some file systems`);
    seen.set(key, entry.name);
    if (entry.packedBytes !== undefined) checkRatio(entry.bytes, entry.packedBytes, limits);
    total += entry.bytes;
    if (!(total <= limits.unpackedBytesMax)) throw tooLarge(limits);
  }
  checkRatio(total, archiveBytes, limits);
}

export function checkRatio(bytes: number, packedBytes: number, { ratioMax }: ArchiveLimits): void {
  if (bytes > RATIO_FROM_BYTES && bytes > ratioMax * packedBytes) throw badArchive(`it unpacks to more than ${ratioMax} times its size`);
}

export const tooManyEntries = ({ entriesMax }: ArchiveLimits) => badArchive(`it has more than ${entriesMax} entries`);
export const tooLarge = ({ unpackedBytesMax }: ArchiveLimits) => badArchive(`it unpacks to more than ${unpackedBytesMax} bytes`);

function checkName(name: string): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw badArchive(`the name "${shown(name)}" ${problem}`);
}

function nameProblem(name: string): string | undefined {
  if (name.length === 0 || name.length > NAME_CHARS_MAX) return `is not between 1 and ${NAME_CHARS_MAX} characters long`;
  if (/\p{Cc}/u.test(name)) return 'has a NUL or another control character';
  if (name.includes('\\')) return 'has a backslash';
  if (name.startsWith('/')) return 'is absolute';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  const parts = name.replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'has an empty, "." or ".." part';
  return undefined;
}

function shown(name: string): string {
  const text = JSON.stringify(name.slice(0, 80)).slice(1, -1);
  return name.length > 80 ? `${text}…` : text;
}
