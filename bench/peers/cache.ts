import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const OUTPUT_BYTES_MAX = 256 * 1_048_576;

/** Where peers and models are kept between runs: outside the repository. */
export function cacheFolder(): string {
  return process.env.MODELYARD_BENCH_CACHE ?? join(homedir(), '.cache', 'modelyard-bench');
}

/** Runs a tool to its end. @throws Error with what it said */
export async function runTool(command: string, args: readonly string[]): Promise<string> {
  return (await execute(command, args, { maxBuffer: OUTPUT_BYTES_MAX })).stdout;
}
