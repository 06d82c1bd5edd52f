import { fdatasync, write } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What the usage log needs of a disk. The tests' double loses unsynced bytes and crashes at the n-th write. */
export interface LogStorage {
  /** Segment names, oldest first. */
  list(): Promise<string[]>;
  /** A new, empty segment, whose name survives a power loss. */
  create(name: string): Promise<LogFile>;
  /** Bytes of a segment from `offset` to its end, at most `bytesMax`. */
  read(name: string, offset: number, bytesMax: number): Promise<Buffer>;
  /** Resolves once all that a former process has written to a segment survives a power loss. */
  sync(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface LogFile {
  /** Resolves once the bytes survive a kill of this process. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves once all written bytes survive a power loss. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const SEGMENT = /^\d{16}\.usage$/;

/** Segments as files of one folder, mode 0600. */
export async function folderStorage(folder: string): Promise<LogStorage> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    list: async () => (await readdir(folder)).filter((name) => SEGMENT.test(name)).toSorted(),
    create: async (name) => {
      const handle = await open(join(folder, name), 'ax', 0o600);
      await syncFolder(folder);
      return fileOf(handle);
    },
    read: async (name, offset, bytesMax) => {
      await using handle = await open(join(folder, name), 'r');
      const buffer = Buffer.allocUnsafe(bytesMax);
      const { bytesRead } = await handle.read(buffer, 0, bytesMax, offset);
      return buffer.subarray(0, bytesRead);
    },
    sync: async (name) => {
      await using handle = await open(join(folder, name), 'r+');
      await handle.datasync();
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

/** A new file's name is in its folder, which has to be on the disk too: POSIX promises nothing else. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Writes and syncs by descriptor: a `FileHandle`'s own methods cost three times as much on the thread that serves. */
function fileOf(handle: FileHandle): LogFile {
  const { fd } = handle;
  let underWay = 0;
  let idle: () => void = () => undefined;
  /** The descriptor must not be closed under what is under way: the system may give its number to another file. */
  const tracked = (start: (done: (error: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      underWay++;
      start((error) => {
        if (--underWay === 0) idle();
        if (error) reject(error);
        else resolve();
      });
    });
  return {
    write: (bytes) => tracked((done) => writeFrom(fd, bytes, done)),
    sync: () => tracked((done) => fdatasync(fd, done)),
    close: async () => {
      if (underWay > 0) await new Promise<void>((resolve) => (idle = resolve));
      await handle.close();
    },
  };
}

/** A write may take less than it was given. */
function writeFrom(fd: number, bytes: Buffer, done: (error: Error | null) => void): void {
  write(fd, bytes, (error, written) => {
    if (error || written === bytes.length) done(error);
    else writeFrom(fd, bytes.subarray(written), done);
  });
}
