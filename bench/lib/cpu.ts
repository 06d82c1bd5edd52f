import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that it has started, by /proc. */
export function processesOf(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number));
  return [pid, ...children.flatMap(processesOf)];
}

/** Microseconds on a CPU since its start, of all threads of a process and of its children, by the threads' names. A thread that has ended is not counted. */
export function onCpuUs(pid: number): Map<string, number> {
  const spent = new Map<string, number>();
  for (const member of processesOf(pid)) {
    for (const task of tasksOf(member)) {
      const name = read(`/proc/${member}/task/${task}/comm`).trim();
      const us = Number(read(`/proc/${member}/task/${task}/schedstat`).split(' ')[0] ?? 0) / 1000;
      spent.set(name, (spent.get(name) ?? 0) + us);
    }
  }
  return spent;
}

/** Resident bytes of a process and its children. */
export function residentBytes(pid: number): number {
  return processesOf(pid).reduce((sum, member) => sum + Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${member}/status`))?.[1] ?? 0) * 1024, 0);
}

/** Names of the shared libraries that a process or a child of it has loaded. */
export function librariesOf(pid: number): Set<string> {
  return new Set(processesOf(pid).flatMap((member) => [...read(`/proc/${member}/maps`).matchAll(/\/([^/\n]+\.so[.\d]*)$/gm)].map((match) => match[1] ?? '')));
}

export interface CpuTimes {
  readonly total: number;
  readonly steal: number;
  readonly idle: number;
}

/** Ticks of one CPU, or of all, from /proc/stat. */
export function cpuTimes(cpu: number | 'all'): CpuTimes {
  const line = new RegExp(`^cpu${cpu === 'all' ? '' : cpu} +(.*)$`, 'm').exec(read('/proc/stat'))?.[1] ?? '';
  const ticks = line.split(' ').map(Number).slice(0, 8);
  return { total: ticks.reduce((sum, value) => sum + value, 0), steal: ticks[7] ?? 0, idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) };
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** What has ended meanwhile reads as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
