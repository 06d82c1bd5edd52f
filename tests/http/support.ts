import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { FakeClock } from '../fake-clock.ts';
import { chatBody, type EchoOptions, type Harness } from '../harness.ts';

const POLL_MS = 20;
const ATTEMPTS_MAX = 150;

/** Readers of answers, raw sockets, and a foreign upstream, for the gateway's tests. */

/** Waits on the real clock: for what another socket must have seen. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Chunk {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly object: string;
  readonly choices: readonly { index: number; delta: { role?: string; content?: string }; finish_reason: string | null; logprobs: unknown }[];
  readonly usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number } | null;
  readonly error?: { message: string; type: string; param: string | null; code: string };
}

/** An event stream's text as its frames and the JSON of its data frames; throws for a frame that is neither comment nor data. */
export function readEvents(text: string): { frames: string[]; chunks: Chunk[] } {
  const frames = text.split('\n\n');
  expect(frames.pop(), 'after the last frame comes its empty line and nothing else').toBe('');
  const chunks: Chunk[] = [];
  for (const frame of frames) {
    if (frame.startsWith(':') || frame === 'data: [DONE]') continue;
    expect(frame).toMatch(/^data: \{/);
    chunks.push(JSON.parse(frame.slice('data: '.length)) as Chunk);
  }
  return { frames, chunks };
}

export const said = (chunks: readonly Chunk[]): string => chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('');

export interface UsageRow {
  readonly requestId: string;
  readonly operation: string;
  readonly status: string;
  readonly httpStatus: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly rows: number;
  readonly estimated: boolean;
  readonly attempts: number;
  readonly deployment: string;
  readonly stages: Record<string, number>;
}

/** The usage rows of one deployment, newest first, once there are `count` of them. */
export async function usageOf(harness: Harness, deployment: string, count: number): Promise<UsageRow[]> {
  for (let attempt = 0; ; attempt++) {
    const { data } = (await (await harness.call('/api/v1/usage/calls?limit=1000&all=true')).json()) as { data: UsageRow[] };
    const rows = data.filter((row) => row.deployment === deployment);
    if (rows.length === count) return rows;
    if (attempt >= ATTEMPTS_MAX) throw new Error(`${rows.length} usage rows of "${deployment}", expected ${count}`);
    await pause(POLL_MS);
  }
}

/** A gauge of `/metrics`, by deployment. */
export async function gauge(harness: Harness, name: 'waiting' | 'running', deployment: string): Promise<number> {
  const text = await (await harness.call('/metrics')).text();
  const value = new RegExp(`^modelyard_calls_${name}\\{deployment="${deployment}"\\} (\\d+)$`, 'm').exec(text)?.[1];
  return Number(value ?? Number.NaN);
}

/** Lets a fake clock run until the promise settles. */
export async function whileAdvancing<T>(clock: FakeClock, promise: Promise<T>, stepMs = 50): Promise<T> {
  const state = { settled: false };
  const settle = () => (state.settled = true);
  void promise.then(settle, settle);
  while (!state.settled) {
    await clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return promise;
}

/** A call that takes at least `ms` of a fake clock, however long it takes in truth. */
export async function slowCall(clock: FakeClock, harness: Harness, deployment: string, ms: number): Promise<Response> {
  const answer = harness.call('/v1/chat/completions', { body: chatBody(deployment, '[[delay-ms:150]] slow answer') });
  await expect.poll(() => gauge(harness, 'running', deployment)).toBe(1);
  await clock.advance(ms);
  return whileAdvancing(clock, answer, 1);
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server closes; for what no HTTP client would send. */
export async function raw(url: string, bytes: string | Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const text = await new Promise<string>((resolve) => {
    const chunks: Buffer[] = [];
    const done = () => resolve(Buffer.concat(chunks).toString());
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', done);
    socket.once('close', done);
    socket.write(bytes);
  });
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1] ?? 0), head: head.toLowerCase(), body: rest.join('\r\n\r\n') };
}

/** A request of `raw`, closing its connection. */
export function rawRequest(line: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** What reached a foreign upstream. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly raw: Buffer;
}

export interface FakeForeignUpstream extends AsyncDisposable {
  /** What it says to a cancel: most know none (404). */
  cancelStatus: number;
  readonly received: Received[];
  readonly sockets: ReadonlySet<Socket>;
}

export type ForeignAnswer = (request: Received, response: ServerResponse) => void | Promise<void>;

/** A fake of somebody else's server: a deployment's next engine is this one, which knows nothing of our usage comment. */
export async function fakeForeignUpstream(
  harness: Harness,
  deployment: string,
  answer: ForeignAnswer,
  { slots = 8, echo = {} }: { slots?: number; echo?: EchoOptions } = {},
): Promise<FakeForeignUpstream> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url?.startsWith('/cancel/')) return response.writeHead(fake.cancelStatus).end();
      const bytes = Buffer.concat(chunks);
      const one = { path: request.url ?? '', headers: request.headers, body: bytes.toString(), raw: bytes };
      received.push(one);
      return void answer(one, response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { launcher } = harness;
  const launch = launcher.launch.bind(launcher);
  launcher.launch = (order) => {
    if (order.deployment !== deployment) return launch(order);
    launcher.launches.push(deployment);
    const exit = Promise.withResolvers<{ reason: string }>();
    return {
      address: { host: '127.0.0.1', port, token: 'unused' },
      ready: Promise.resolve({ slots }),
      exited: exit.promise,
      stop: async () => exit.resolve({ reason: 'stopped' }),
    };
  };
  await harness.deployEcho(deployment, echo);
  const fake: FakeForeignUpstream = {
    cancelStatus: 404,
    received,
    sockets,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}
