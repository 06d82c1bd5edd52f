import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const READY_TIMEOUT_MS = 600_000;
const ERROR_CHARS_MAX = 4_000;

/** One of the bench's own processes. It says one JSON line when it is ready, and one for each line it is asked. */
export interface BenchProcess<Ready> extends AsyncDisposable {
  readonly pid: number;
  readonly ready: Ready;
  ask<Answer>(question: unknown): Promise<Answer>;
}

export interface StartOptions {
  /** `--cpu-prof` and the like. */
  readonly nodeArguments?: readonly string[];
  readonly cpus: string;
  /** Beside ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts `bench/FILE` pinned to CPUs, and waits for its first line. */
export async function startNode<Ready>(file: string, order: unknown, { cpus, nodeArguments = [], environment = {} }: StartOptions): Promise<BenchProcess<Ready>> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const flags = ['--disable-warning=ExperimentalWarning', ...nodeArguments];
  const child = spawn('taskset', ['-c', cpus, process.execPath, ...flags, path, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const lines = linesOf(child, file);
  const ready = JSON.parse(await lines()) as Ready;
  return {
    pid: child.pid ?? 0,
    ready,
    async ask<Answer>(question: unknown) {
      child.stdin?.write(`${JSON.stringify(question)}\n`);
      return JSON.parse(await lines()) as Answer;
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** The next line each time; rejects when the process ends first. */
function linesOf(child: ChildProcess, name: string): () => Promise<string> {
  const waiting: PromiseWithResolvers<string>[] = [];
  const come: string[] = [];
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-ERROR_CHARS_MAX)));
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      // Whatever else a peer has to say is not for us.
      if (!line.startsWith('{')) return;
      const first = waiting.shift();
      if (first) first.resolve(line);
      else come.push(line);
    });
  }
  let ended: Error | undefined;
  child.once('close', (code, signal) => {
    ended = new Error(`${name} ended (${signal ?? code}): ${errors}`);
    for (const one of waiting.splice(0)) one.reject(ended);
  });
  return () => {
    const line = come.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (ended) return Promise.reject(ended);
    const next = Promise.withResolvers<string>();
    waiting.push(next);
    const timer = setTimeout(() => next.reject(new Error(`${name} said nothing for ${READY_TIMEOUT_MS / 1000} s: ${errors}`)), READY_TIMEOUT_MS);
    return next.promise.finally(() => clearTimeout(timer));
  };
}

/** The end of its input is the order to end. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await closed;
  clearTimeout(timer);
}

/** The other side of `startNode`: says the first line, answers each question, ends with its input. */
export async function serveOrders<Question>(ready: unknown, answer: (question: Question) => Promise<unknown>): Promise<void> {
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
}

/** The order that this process was started with. */
export function orderOf<Order>(): Order {
  return JSON.parse(process.argv[2] ?? '{}') as Order;
}
