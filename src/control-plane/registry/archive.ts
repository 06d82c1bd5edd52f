import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Fault, invalid } from '../../contract/errors.ts';
import { ARCHIVE_LIMITS, type ArchiveEntry, type ArchiveLimits, type OpenArchive } from './archive-entries.ts';
import { badArchive, diskFull } from './errors.ts';
import { openTar } from './tar.ts';
import { openZip } from './zip.ts';

/** Between the entry that is a zip itself and the entry in it: `model.zip!weights/model.safetensors`. */
const INNER = '.zip!';
const FLAT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export interface ExtractLimits extends ArchiveLimits {
  readonly signal?: AbortSignal;
}

/**
 * Takes entries out of a zip or .tgz into a folder, under flat names. The archive is refused whole when any entry of it is dangerous;
 * on any failure the folder is as it was.
 * @param wanted flat name → entry path, or `outer.zip!inner/path` for an entry of a zip in the archive (one level)
 * @returns flat name → path of the file
 * @throws Fault `bad_archive`, `no_such_entry`, `disk_full`
 */
export async function extract(
  archivePath: string,
  wanted: Readonly<Record<string, string>>,
  intoFolder: string,
  limits: ExtractLimits = ARCHIVE_LIMITS,
): Promise<Record<string, string>> {
  for (const name of Object.keys(wanted))
    if (!FLAT_NAME.test(name)) throw invalid(`"${name.slice(0, 140)}" is not a file name of a version: letters, digits, ".", "_" and "-".`, 'entries');
  const staging = join(intoFolder, `unpacking-${randomUUID()}`);
  await mkdir(staging, { mode: 0o700 });
  try {
    await unpack(archivePath, wanted, staging, limits);
    const files: Record<string, string> = {};
    for (const name of Object.keys(wanted)) {
      files[name] = join(intoFolder, name);
      await rename(join(staging, name), join(intoFolder, name));
    }
    return files;
  } catch (error) {
    throw archiveFault(error, limits.signal);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The directory of an archive, checked as `extract` does. */
export async function listEntries(archivePath: string, limits: ExtractLimits = ARCHIVE_LIMITS): Promise<readonly ArchiveEntry[]> {
  try {
    const archive = await openArchive(archivePath, limits);
    archive.close();
    return archive.entries;
  } catch (error) {
    throw archiveFault(error, limits.signal);
  }
}

async function unpack(archivePath: string, wanted: Readonly<Record<string, string>>, folder: string, limits: ExtractLimits): Promise<void> {
  const paths = Object.values(wanted);
  if (new Set(paths).size < paths.length) throw invalid('An entry is asked for twice.', 'entries');
  const targets = new Map<string, string>();
  const inner = new Map<string, Record<string, string>>();
  for (const [name, path] of Object.entries(wanted)) {
    const at = path.indexOf(INNER);
    if (at < 0) {
      targets.set(path, join(folder, name));
      continue;
    }
    const [outer, rest] = [path.slice(0, at + INNER.length - 1), path.slice(at + INNER.length)];
    if (rest.includes(INNER)) throw invalid(`"${path.slice(0, 200)}" is a zip in a zip in an archive; one level is accepted.`, 'entries');
    inner.set(outer, { ...inner.get(outer), [name]: rest });
  }
  const zips = [...inner].map(([outer, names], at) => ({ outer, names, path: targets.get(outer) ?? join(folder, `.inner-${at}`) }));
  for (const { outer, path } of zips) targets.set(outer, path);
  let left = limits.unpackedBytesMax - (await copyOut(archivePath, targets, limits));
  for (const { names, path } of zips) {
    const innerTargets = new Map(Object.entries(names).map(([name, entry]) => [entry, join(folder, name)]));
    left -= await copyOut(path, innerTargets, { ...limits, unpackedBytesMax: left });
  }
}

/** @returns the bytes written */
async function copyOut(archivePath: string, targets: ReadonlyMap<string, string>, limits: ExtractLimits): Promise<number> {
  const archive = await openArchive(archivePath, limits);
  try {
    const files = new Map(archive.entries.filter(({ kind }) => kind === 'file').map(({ name, bytes }) => [name, bytes]));
    for (const name of targets.keys()) {
      if (!files.has(name))
        throw new Fault('not_found', 'no_such_entry', `${basename(archivePath).replace(/^\.inner-\d+$/, 'The inner zip')} has no file "${name.slice(0, 200)}".`);
    }
    await archive.copy(targets, limits.signal);
    return [...targets.keys()].reduce((sum, name) => sum + (files.get(name) ?? 0), 0);
  } finally {
    archive.close();
  }
}

/** By the first bytes, not by the name. */
async function openArchive(path: string, limits: ArchiveLimits): Promise<OpenArchive> {
  const head = Buffer.alloc(4);
  {
    await using handle = await open(path, 'r');
    await handle.read(head, 0, head.length, 0);
  }
  if (head.toString('latin1', 0, 2) === 'PK') return openZip(path, limits);
  if (head[0] === 0x1f && head[1] === 0x8b) return openTar(path, limits);
  throw badArchive('it is neither a zip (wheel) nor a .tgz');
}

/** The libraries' own complaints are about the archive; the system's are not. */
function archiveFault(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof Fault) return error;
  if (signal?.aborted) return signal.reason;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return diskFull();
  return syscall === undefined ? badArchive(message.slice(0, 200), error) : error;
}
