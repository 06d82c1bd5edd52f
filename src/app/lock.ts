import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../contract/errors.ts';

/** Who has a home: told to whoever wants it too. */
export interface Lock {
  readonly pid: number;
  /** When that process started, in the kernel's ticks: a process id is used again, this pair is not. */
  readonly started: string;
  readonly address: string;
}

const ATTEMPTS_MAX = 5;
const lockFile = (home: string) => join(home, 'lock.json');

/** What is locked, for who wants it too: in words, and what to do instead. */
interface Locked {
  readonly what: string;
  readonly instead: string;
}

const HOME: Locked = { what: 'Modelyard is already running on this home', instead: 'choose another home with --home' };

/** Takes a home's lock, or that of a gateway's folder in it; one that a dead process left is taken over. The returned function gives it back. @throws Fault `home_locked` */
export async function takeLock(home: string, address: string, of = HOME): Promise<() => Promise<void>> {
  const file = lockFile(home);
  const mine = `${file}.${process.pid}`;
  await writeFile(mine, JSON.stringify(await ownLock(address)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      // A link appears whole or not at all, and never over another.
      if (await linked(mine, file)) return () => rm(file, { force: true });
      const holder = await readLock(home);
      if (holder && (await isAlive(holder))) throw locked(holder, of);
      await removeStale(file, mine);
    }
    throw new Fault('conflict', 'home_locked', 'Another Modelyard is starting on this home just now.');
  } finally {
    await rm(mine, { force: true });
  }
}

/** Corrects the address in a lock that is held, once the port is known. */
export async function updateLock(home: string, address: string): Promise<void> {
  const next = `${lockFile(home)}.new`;
  await writeFile(next, JSON.stringify(await ownLock(address)), { mode: 0o600 });
  await rename(next, lockFile(home));
}

/** The lock's content; undefined when there is none, or none that can be read. */
export async function readLock(home: string): Promise<Lock | undefined> {
  try {
    return JSON.parse(await readFile(lockFile(home), 'utf8')) as Lock;
  } catch {
    return undefined;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a stale lock away; a fresh one that came in between is put back. */
async function removeStale(file: string, mine: string): Promise<void> {
  const aside = `${mine}.stale`;
  await rename(file, aside).catch(() => undefined);
  const taken = await readFile(aside, 'utf8').then(
    (text) => JSON.parse(text) as Lock,
    () => undefined,
  );
  if (taken && (await isAlive(taken))) await linked(aside, file);
  await rm(aside, { force: true });
}

async function ownLock(address: string): Promise<Lock> {
  return { pid: process.pid, started: await startOf(process.pid), address };
}

/** Whether the process that wrote the lock still runs: the same id, started at the same time. */
async function isAlive({ pid, started }: Lock): Promise<boolean> {
  const now = await startOf(pid);
  if (now !== '') return now === started;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start time in `/proc/PID/stat` (field 22, after the name in brackets); empty where there is no such file. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function locked({ pid, address }: Lock, { what, instead }: Locked): Fault {
  return new Fault('conflict', 'home_locked', `${what}: process ${pid}, ${address}. Stop it first or ${instead}.`);
}
