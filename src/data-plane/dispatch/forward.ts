import { ENGINE_HEADER } from '../../contract/engine-wire.ts';
import type { ForeignAddress } from '../../contract/feeds.ts';
import { Fault, type FaultKind } from '../../contract/errors.ts';
import { parseUsage } from '../../contract/openai-stream.ts';
import type { AnswerHeaders, AnswerSink, ForwardWork } from '../call.ts';
import { ForeignStream } from '../dialects/foreign-stream.ts';
import { rewriteRequest } from '../dialects/openai-request.ts';
import { crashFault, deadlineFault, engineHeaders, Job, type JobEnd, type JobParts } from './job.ts';
import type { Lane, Outcome } from './lane.ts';
import type { UpstreamControl, UpstreamListener } from './upstream.ts';

/** An engine's error answer is read up to here. */
const ERROR_BYTES_MAX = 65_536;

/** A text call, whose prefix cache it may share, and where its answer goes. */
export interface TextCall {
  readonly work: ForwardWork;
  readonly cacheSalt: string;
  readonly sink: AnswerSink;
}

/** Sends a call's bytes to an engine and pipes the answer's bytes into the sink, at the sink's pace. An error answer is read whole. */
export class ForwardJob extends Job implements UpstreamListener {
  readonly rows = 1;
  readonly batchKey = undefined;
  readonly #work: ForwardWork;
  readonly #cacheSalt: string;
  readonly #sink: AnswerSink;
  #control: UpstreamControl | undefined;
  #stopped: 'client' | 'deadline' | undefined;
  #endGrace: (() => void) | undefined;
  #status = 0;
  #headers: AnswerHeaders | undefined;
  #error: Buffer[] | undefined;
  #errorBytes = 0;
  #translation: ForeignStream | undefined;

  constructor(parts: JobParts, { work, cacheSalt, sink }: TextCall) {
    super(parts);
    this.#work = work;
    this.#cacheSalt = cacheSalt;
    this.#sink = sink;
  }

  start(lane: Lane): void {
    this.begin(lane);
    const { foreign } = lane.upstream;
    if (foreign) return this.#startForeign(lane, foreign);
    const { call } = this;
    const headers = engineHeaders(call.id, call.deadline - this.clock.monotonic(), this.#cacheSalt);
    headers.push('content-type', 'application/json');
    if (call.trace) headers.push(...call.trace.headers);
    lane.upstream.send({ path: this.#work.path, headers, body: this.#work.body }, this);
  }

  /** A server that is not ours knows the model by another name, and tells a stream's usage only when it is asked. */
  #startForeign(lane: Lane, { model }: ForeignAddress): void {
    const { path, body, stream, wantsUsage } = this.#work;
    const asksUsage = stream && !wantsUsage;
    if (asksUsage) this.#translation = new ForeignStream();
    lane.upstream.send(
      { path: path.replace(/^\/v1/, ''), headers: ['content-type', 'application/json', ...(this.call.trace?.headers ?? [])], body: rewriteRequest(body, { model, asksUsage }) },
      this,
    );
  }

  begun(control: UpstreamControl): void {
    this.#control = control;
  }

  head(status: number, headers: AnswerHeaders): void {
    this.#status = status;
    this.#headers = headers;
    if (status === 200) this.#sink.head(status, headers);
  }

  data(chunk: Buffer, control: UpstreamControl): void {
    if (this.#status !== 200) return this.#keepError(chunk);
    if (this.#sink.frame(this.#translation ? this.#translation.push(chunk) : chunk)) return;
    control.pause();
    void this.#sink.drained().then(() => control.resume());
  }

  ended(error?: Error): void {
    this.#endGrace?.();
    this.settle(this.#endOf(error));
    if (!this.lane) return;
    const ms = this.clock.monotonic() - this.begunAt;
    if (this.#status === 200 && !error && !this.#stopped) this.queue.executed(this.lane, 1, ms);
    this.queue.free(this.lane, [this], ms, this.#outcome(error));
  }

  protected stopRunning(why: 'client' | 'deadline'): void {
    if (this.#stopped) return;
    this.#stopped = why;
    this.#endGrace = this.lane?.upstream.stop(this.call.id, () => this.#control);
  }

  /** What this attempt says of the replica: nothing, when it was given up, or when the replica had no room. */
  #outcome(error: Error | undefined): Outcome | undefined {
    if (this.#stopped || this.#status === 503) return undefined;
    return error ? 'failed' : outcomeOf(this.#status, this.#headers?.['retry-after']);
  }

  #endOf(error: Error | undefined): JobEnd {
    if (this.#stopped === 'client') return this.#cancelled();
    if (this.#stopped === 'deadline') return { status: 'failed', fault: deadlineFault() };
    if (error) return { status: 'failed', fault: crashFault(error), retry: this.#status !== 200 };
    if (this.#status === 200) return { status: 'complete' };
    if (this.#status === 503) return { status: 'full' };
    // That somebody else's server does not know the model is not the caller's mistake.
    const status = this.#status === 404 && this.lane?.upstream.foreign ? 502 : this.#status;
    return { status: 'failed', fault: engineFault(status, Buffer.concat(this.#error ?? []), this.#headers?.['retry-after']) };
  }

  /** The client has left; an engine that had sent no byte tells what it computed in a header (M14). */
  #cancelled(): JobEnd {
    const header = this.#headers?.[ENGINE_HEADER.usage];
    const usage = parseUsage(typeof header === 'string' ? header : undefined);
    return usage ? { status: 'cancelled', usage } : { status: 'cancelled' };
  }

  #keepError(chunk: Buffer): void {
    this.#errorBytes += chunk.length;
    if (this.#errorBytes <= ERROR_BYTES_MAX) (this.#error ??= []).push(chunk);
  }
}

/** What an answer's status says of the replica that gave it. */
export function outcomeOf(status: number, retryAfter: string | string[] | undefined): Outcome {
  const seconds = status === 429 && typeof retryAfter === 'string' ? Number(retryAfter) : Number.NaN;
  if (seconds > 0) return { retryAfterMs: seconds * 1_000 };
  return status >= 500 ? 'failed' : 'served';
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
