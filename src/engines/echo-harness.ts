import type { Clock } from '../base/clock.ts';
import { systemClock } from '../base/clock.ts';
import { ENGINE_HEADER, USAGE_COMMENT, type EngineUsage } from '../contract/engine-wire.ts';
import type { Manifest, Task } from '../contract/manifest.ts';
import { createEchoEngine } from './echo/index.ts';
import { startEngine, type RunningEngine } from './host.ts';

/** For tests: an echo engine on a loopback port, and readers of what it answers. */
export interface EchoHarness extends AsyncDisposable {
  readonly engine: RunningEngine;
  readonly errors: unknown[];
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response>;
  get(path: string): Promise<Response>;
}

const TOKEN = 'test-token';

export function echoManifest(task: Task, engineOptions: Readonly<Record<string, unknown>> = {}): Manifest {
  return {
    schema: 'modelyard.manifest/1',
    task,
    engine: 'echo',
    files: [],
    engineOptions,
    licence: 'none',
    origin: 'test',
    card: '',
    weights: { format: 'none', architecture: 'echo', parameters: 0, tensorBytes: 0, parametersByType: {}, quantization: 'none' },
  };
}

export async function startEcho(engineOptions: Readonly<Record<string, unknown>> = {}, clock: Clock = systemClock): Promise<EchoHarness> {
  const errors: unknown[] = [];
  const echo = createEchoEngine({ manifest: echoManifest('chat', engineOptions) }, clock);
  const engine = await startEngine(echo, { host: '127.0.0.1', port: 0, token: TOKEN }, { clock, onError: (error) => errors.push(error) });
  if (!('port' in engine.address)) throw new Error('expected a TCP address');
  const base = `http://127.0.0.1:${engine.address.port}`;
  const common = { [ENGINE_HEADER.token]: TOKEN };
  return {
    engine,
    errors,
    post: (path, body, headers = {}, signal) =>
      fetch(base + path, {
        method: 'POST',
        headers: { ...common, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    get: (path) => fetch(base + path, { headers: common }),
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

export interface SseText {
  readonly contentType: string | null;
  /** The frames as they came, without the empty line between them. */
  readonly frames: readonly string[];
  readonly chunks: readonly Chunk[];
  readonly usage: EngineUsage | undefined;
}

export interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly model: string;
  readonly choices: readonly { index: number; delta: { role?: string; content?: string }; text?: string; finish_reason: string | null; logprobs: unknown }[];
  readonly usage?: unknown;
  readonly error?: { readonly message: string };
}

export async function readSse(response: Response): Promise<SseText> {
  const text = await response.text();
  const frames = text.split('\n\n').slice(0, -1);
  const data = frames
    .filter((frame) => frame.startsWith('data: '))
    .map((frame) => frame.slice('data: '.length))
    .filter((one) => one !== '[DONE]');
  const comment = frames.find((frame) => frame.startsWith(USAGE_COMMENT));
  return {
    contentType: response.headers.get('content-type'),
    frames,
    chunks: data.map((one) => JSON.parse(one) as Chunk),
    usage: comment === undefined ? undefined : (JSON.parse(comment.slice(USAGE_COMMENT.length)) as EngineUsage),
  };
}
