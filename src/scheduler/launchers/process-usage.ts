import { readFileSync } from 'node:fs';
import type { ReplicaUsage } from '../ports.ts';

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const KIB = 1_024;
/** Places of user and system time behind the process's name in /proc/PID/stat (proc(5)). */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** What a process takes now, by /proc; undefined when it has ended or the system has no /proc. */
export function processUsage(pid: number | undefined): ReplicaUsage | undefined {
  if (pid === undefined) return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const memoryBytes = kibibytes(status, 'VmRSS');
    if (memoryBytes === undefined) return undefined;
    return {
      memoryBytes,
      memoryPeakBytes: kibibytes(status, 'VmHWM') ?? memoryBytes,
      cpuSeconds: (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

function kibibytes(status: string, field: string): number | undefined {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return found === undefined ? undefined : Number(found) * KIB;
}
