import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, symlinkSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/base/free-port.ts';
import { cacheFolder, runTool } from './cache.ts';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
/** Portable, with the kernels as libraries of their own, so that the npm package's can be laid beside it. */
const CMAKE_FLAGS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DGGML_NATIVE=OFF',
  '-DGGML_BACKEND_DL=ON',
  '-DBUILD_SHARED_LIBS=ON',
  '-DLLAMA_CURL=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
];
const READY_TIMEOUT_MS = 120_000;
const READY_EVERY_MS = 100;

/** llama-server of the very source that node-llama-cpp carries, running its kernels. Built into the cache when it is not there (5–30 minutes). */
export async function ensureLlamaServer(log: (text: string) => void): Promise<string> {
  const build = join(cacheFolder(), 'llama-build');
  const binary = join(build, 'bin', 'llama-server');
  if (!existsSync(binary)) {
    log('building llama-server from the source in node-llama-cpp; this takes a while');
    const source = join(cacheFolder(), 'llama-src');
    await mkdir(cacheFolder(), { recursive: true });
    if (!existsSync(source)) await runTool('git', ['clone', '--quiet', join(NODE_MODULES, 'node-llama-cpp', 'llama', 'gitRelease.bundle'), source]);
    await runTool('cmake', ['-S', source, '-B', build, ...CMAKE_FLAGS]);
    await runTool('cmake', ['--build', build, '--target', 'llama-server', '--parallel', '2']);
  }
  layKernels(join(build, 'bin'));
  return binary;
}

/** Both sides are to run the same kernels: the package's own CPU libraries take the place of the one that was built. */
function layKernels(folder: string): void {
  const kernels = join(NODE_MODULES, '@node-llama-cpp', `linux-${process.arch}`, 'bins', `linux-${process.arch}`);
  rmSync(join(folder, 'libggml-cpu.so'), { force: true });
  for (const name of readdirSync(kernels).filter((file) => file.startsWith('libggml-cpu-'))) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(join(kernels, name), join(folder, name));
  }
}

export interface LlamaServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

export interface LlamaServerOptions {
  readonly binary: string;
  readonly model: string;
  readonly slots: number;
  /** Tokens of context of each slot. */
  readonly contextTokens: number;
  readonly cpus: string;
}

export async function startLlamaServer({ binary, model, slots, contextTokens, cpus }: LlamaServerOptions): Promise<LlamaServer> {
  const port = await freePort();
  const flags = ['-m', model, '--parallel', slots, '-t', 1, '-tb', 1, '-c', slots * contextTokens, '-ngl', 0, '--host', '127.0.0.1', '--port', port, '--no-webui'];
  const child = spawn('taskset', ['-c', cpus, binary, ...flags.map(String)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-3_000)));
  const until = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`llama-server did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, READY_EVERY_MS));
  }
  return {
    pid: child.pid ?? 0,
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}
