import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What one process holds of the machine at one moment. */
export interface Sample {
  /** Milliseconds since the start. */
  readonly at: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly descriptors: number;
  readonly sockets: number;
  readonly threads: number;
}

const field = (pid: number, name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);

/** From the kernel, but for the heap, which only the process itself knows: `metrics` is what it says of itself. */
export function sample(pid: number, at: number, metrics: string): Sample {
  const open = readdirSync(`/proc/${pid}/fd`);
  const sockets = open.filter((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith('socket:')).length;
  return {
    at,
    rssBytes: field(pid, 'VmRSS') * 1_024,
    heapBytes: valueOf(metrics, 'nodejs_heap_size_used_bytes'),
    descriptors: open.length,
    sockets,
    threads: field(pid, 'Threads'),
  };
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** The sum of a metric's series. */
export function valueOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The process's own children: its engines. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
}

/** Bytes per minute: the slope of the line with the least squares through the samples. */
export function slopePerMinute(samples: readonly Sample[], what: 'rssBytes' | 'heapBytes'): number {
  const n = samples.length;
  if (n < 2) return 0;
  const meanX = samples.reduce((sum, { at }) => sum + at, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one[what], 0) / n;
  const over = samples.reduce((sum, one) => sum + (one.at - meanX) * (one[what] - meanY), 0);
  const under = samples.reduce((sum, { at }) => sum + (at - meanX) ** 2, 0);
  return under === 0 ? 0 : (over / under) * 60_000;
}
