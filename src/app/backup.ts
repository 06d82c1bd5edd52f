import { constants, cp, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../contract/errors.ts';
import { BlobStore, digestOf, parseDigest, referencedDigests } from '../control-plane/registry/index.ts';
import { copyDatabase, integrityFaults } from '../db/maintenance.ts';
import { openDatabase } from '../db/open.ts';
import { databaseName } from './database.ts';
import { type HomeFolder, homeFolder, openHome } from './home.ts';

/**
 * A backup is a folder: the database's snapshot, the usage log, the blobs, the login. It is taken while a server runs: blobs
 * never change, the log is copied before the snapshot (posting a record twice changes nothing), the snapshot is SQLite's own.
 */
export interface BackupReport {
  readonly folder: string;
  readonly blobs: number;
  readonly databaseBytes: number;
}

/** @param databaseUrl a PostgreSQL database that the home uses: it has tools of its own for that, so it is refused */
export async function backupHome(home: string, target: string, databaseUrl?: string): Promise<BackupReport> {
  if (databaseUrl !== undefined) throw databaseElsewhere(databaseUrl);
  const source = homeFolder(home);
  if (!(await exists(source.database))) throw new Fault('not_found', 'empty_home', `There is no Modelyard home in ${home}.`);
  if (await exists(target)) throw new Fault('conflict', 'target_exists', `${target} is already there; give a folder that is not.`);
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  const copy = homeFolder(partial);
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await copyFile(join(home, 'format'), join(partial, 'format'));
  await copyFile(source.credentials, copy.credentials).catch(ifMissing);
  await copyFile(source.signingKey, copy.signingKey).catch(ifMissing);
  await cp(source.audit, copy.audit, { recursive: true }).catch(ifMissing);
  await mkdir(copy.usageLog, { recursive: true, mode: 0o700 });
  // A segment that goes meanwhile has been posted: its records are in the snapshot that follows.
  for (const segment of await readdir(source.usageLog).catch(() => [])) await copyFile(join(source.usageLog, segment), join(copy.usageLog, segment)).catch(ifMissing);
  const db = await openDatabase(source.database);
  try {
    await copyDatabase(db, copy.database);
  } finally {
    await db.destroy();
  }
  const blobs = await copyBlobs(source.blobs, copy.blobs);
  await rename(partial, target);
  return { folder: target, blobs, databaseBytes: (await stat(join(target, 'modelyard.db'))).size };
}

/** Puts a backup into a home that is not there yet, after checking the database and every blob's digest. */
export async function restoreHome(backup: string, home: string): Promise<BackupReport> {
  const source = homeFolder(backup);
  if (!(await exists(source.database))) throw new Fault('not_found', 'no_backup', `${backup} is not a backup: it has no modelyard.db.`);
  if (await exists(homeFolder(home).database)) throw new Fault('conflict', 'home_not_empty', `${home} is in use; restore into a home that is not there yet.`);
  const blobs = await checkBlobs(source.blobs);
  const partial = `${home}.partial`;
  await rm(partial, { recursive: true, force: true });
  const { release } = await openHome(partial, 'being restored');
  try {
    await cp(backup, partial, { recursive: true, force: true });
    await checkDatabase(homeFolder(partial));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await release();
  // Over an empty folder a rename works; over anything else it must not.
  await rename(partial, home);
  return { folder: home, blobs, databaseBytes: (await stat(homeFolder(home).database)).size };
}

/** The database is whole, and every file that a version needs is there. */
async function checkDatabase(folder: HomeFolder): Promise<void> {
  const db = await openDatabase(folder.database);
  const faults = await integrityFaults(db);
  const needed = await referencedDigests(db);
  await db.destroy();
  const store = new BlobStore(folder.blobs);
  for (const digest of needed) if ((await store.size(parseDigest(digest))) === undefined) faults.push(`the file ${digest} is missing`);
  if (faults.length > 0) throw new Fault('invalid_argument', 'backup_damaged', `The backup is damaged: ${faults[0]}.`);
}

async function copyBlobs(from: string, to: string): Promise<number> {
  let count = 0;
  for (const prefix of await readdir(join(from, 'sha256')).catch(() => [])) {
    await mkdir(join(to, 'sha256', prefix), { recursive: true, mode: 0o700 });
    for (const name of await readdir(join(from, 'sha256', prefix))) {
      // One that goes meanwhile is garbage: no version of the snapshot needs it.
      const isCopied = await copyFile(join(from, 'sha256', prefix, name), join(to, 'sha256', prefix, name), constants.COPYFILE_FICLONE).then(() => true, ifMissing);
      if (isCopied) count++;
    }
  }
  return count;
}

async function checkBlobs(folder: string): Promise<number> {
  let count = 0;
  for (const prefix of await readdir(join(folder, 'sha256')).catch(() => [])) {
    for (const name of await readdir(join(folder, 'sha256', prefix))) {
      const actual = await digestOf(join(folder, 'sha256', prefix, name));
      if (actual !== `sha256:${name}`) throw new Fault('invalid_argument', 'backup_damaged', `The file ${name} of the backup is damaged: its digest is ${actual}.`);
      count++;
    }
  }
  return count;
}

function databaseElsewhere(databaseUrl: string): Fault {
  return new Fault(
    'conflict',
    'database_elsewhere',
    `The database of this home is ${databaseName(databaseUrl)}: copy it with pg_dump, and the home's folder, with the models' files, with any tool.`,
  );
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
