import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A GPU as its driver tells of it. */
export interface Gpu {
  readonly index: number;
  readonly name: string;
  readonly memoryBytes: number;
  readonly usedBytes: number;
  readonly driver: string;
}

const MIB = 1_048_576;
const ASK_MS_MAX = 5_000;
const QUERY = ['--query-gpu=index,name,memory.total,memory.used,driver_version', '--format=csv,noheader,nounits'];
const LINE = /^(\d+), (.+), (\d+), (\d+), ([\w.]+)$/;

/** The NVIDIA GPUs of this machine; none where there is no driver. */
export async function listGpus(ask: () => Promise<string> = askDriver): Promise<readonly Gpu[]> {
  const text = await ask().catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [, index, name = '', total, used, driver = ''] = LINE.exec(line.trim()) ?? [];
    return index === undefined ? [] : [{ index: Number(index), name, memoryBytes: Number(total) * MIB, usedBytes: Number(used) * MIB, driver }];
  });
}

async function askDriver(): Promise<string> {
  return (await promisify(execFile)('nvidia-smi', QUERY, { timeout: ASK_MS_MAX })).stdout;
}
