import type { Clock } from '../../base/clock.ts';
import { ENGINE_HEADER, type EngineUsage } from '../../contract/engine-wire.ts';
import { Fault, type FaultKind } from '../../contract/errors.ts';
import type { Call, ForwardWork, ReplySink } from '../call.ts';
import { parseUsage } from '../dialects/openai.ts';
import { crashFault, deadlineFault, engineHeaders, Watch } from './job.ts';
import type { Lane } from './queue.ts';

/** An engine's error answer is read up to here. */
const ERROR_BYTES_MAX = 65_536;

/** How one attempt ended. `full`: the engine took no call; another may. */
export type ForwardEnd =
  | { readonly status: 'complete' }
  | { readonly status: 'full' }
  | { readonly status: 'cancelled'; readonly usage?: EngineUsage }
  | { readonly status: 'failed'; readonly fault: Fault };

/** A text call, and whose prefix cache it may share. */
export interface ForwardCall {
  readonly call: Call;
  readonly work: ForwardWork;
  readonly cacheSalt: string;
}

/** Sends a call's bytes to an engine and pipes the answer's bytes into the sink, at the sink's pace. */
export async function forward({ upstream }: Lane, { call, work, cacheSalt }: ForwardCall, sink: ReplySink, clock: Clock): Promise<ForwardEnd> {
  const watch = new Watch(call, clock, upstream);
  const reply = new ReplyPipe(sink, watch);
  try {
    const headers = engineHeaders(call, clock, cacheSalt, 'application/json');
    await upstream.send({ path: work.path, headers, body: work.body }, reply, (control) => (watch.control = control));
    if (watch.stopped === 'client') return reply.cancelled();
    if (watch.stopped === 'deadline') return { status: 'failed', fault: deadlineFault() };
    return reply.end();
  } catch (error) {
    if (watch.stopped === 'client') return { status: 'cancelled' };
    return { status: 'failed', fault: watch.stopped === 'deadline' ? deadlineFault() : crashFault(error) };
  } finally {
    watch.close();
  }
}

/** Passes a good answer on at once; keeps an error answer to be read whole. */
class ReplyPipe {
  readonly #sink: ReplySink;
  readonly #watch: Watch;
  #status = 0;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};
  readonly #error: Buffer[] = [];
  #errorBytes = 0;

  constructor(sink: ReplySink, watch: Watch) {
    this.#sink = sink;
    this.#watch = watch;
  }

  head(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.#status = status;
    this.#headers = headers;
    if (status === 200) this.#sink.head(status, singleValues(headers));
  }

  data(chunk: Buffer): boolean {
    if (this.#status !== 200) {
      this.#errorBytes += chunk.length;
      if (this.#errorBytes <= ERROR_BYTES_MAX) this.#error.push(chunk);
      return true;
    }
    if (this.#sink.frame(chunk)) return true;
    void this.#sink.drained().then(() => this.#watch.control?.resume());
    return false;
  }

  /** The client has left; an engine that had sent no byte tells what it computed in a header (M14). */
  cancelled(): ForwardEnd {
    const header = this.#headers[ENGINE_HEADER.usage];
    const usage = parseUsage(typeof header === 'string' ? header : undefined);
    return usage ? { status: 'cancelled', usage } : { status: 'cancelled' };
  }

  end(): ForwardEnd {
    if (this.#status === 200) return { status: 'complete' };
    if (this.#status === 503) return { status: 'full' };
    return { status: 'failed', fault: engineFault(this.#status, Buffer.concat(this.#error), this.#headers['retry-after']) };
  }
}

function singleValues(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') single[name] = value;
  return single;
}

const KIND_OF_STATUS: Readonly<Record<number, FaultKind>> = {
  400: 'invalid_argument',
  401: 'bad_upstream',
  403: 'bad_upstream',
  404: 'not_found',
  409: 'conflict',
  413: 'payload_too_large',
  422: 'unprocessable',
  429: 'rate_limited',
  499: 'cancelled',
  504: 'deadline_exceeded',
};

/** An engine's error answer, OpenAI's object or OIP's string, as a Fault. A 5xx keeps its words to itself (X35). */
export function engineFault(status: number, body: Buffer, retryAfter: string | string[] | undefined): Fault {
  const kind = KIND_OF_STATUS[status] ?? 'bad_upstream';
  if (kind === 'bad_upstream')
    return new Fault(kind, 'engine_error', 'The engine failed to serve this call.', { cause: new Error(`status ${status}: ${body.toString().slice(0, 500)}`) });
  const { message, code, param } = errorFields(body);
  const seconds = typeof retryAfter === 'string' ? Number(retryAfter) : Number.NaN;
  return new Fault(kind, code ?? 'engine_refused', message ?? 'The engine refused this call.', {
    ...(param !== undefined && { param }),
    ...(Number.isFinite(seconds) && { retryAfterSeconds: seconds }),
  });
}

function errorFields(body: Buffer): { message?: string; code?: string; param?: string } {
  try {
    const { error } = JSON.parse(body.toString()) as { error?: unknown };
    if (typeof error === 'string') return { message: error };
    const { message, code, param } = (error ?? {}) as Record<string, unknown>;
    return {
      ...(typeof message === 'string' && { message }),
      ...(typeof code === 'string' && { code }),
      ...(typeof param === 'string' && { param }),
    };
  } catch {
    return {};
  }
}
