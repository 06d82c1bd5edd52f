import type { Clock } from '../../base/clock.ts';
import { ENGINE_HEADER, type EngineUsage } from '../../contract/engine-wire.ts';
import { Fault } from '../../contract/errors.ts';
import { httpStatus } from '../../contract/errors.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import {
  type AnswerHeaders,
  type AnswerSink,
  type Call,
  type Caller,
  type Counts,
  type Ending,
  NO_COUNTS,
  type ReplySink,
  STAGES,
  type Target,
  type Terms,
  type Work,
} from '../call.ts';
import { parseUsage, usageInTail } from '../../contract/openai-stream.ts';
import { estimateTokens, StreamTap } from '../dialects/openai.ts';
import { OIP_HEADER_LENGTH } from '../../contract/oip-binary.ts';
import type { UsageSink } from '../ports.ts';

/** Of an answer without the usage header, this much of its end is kept to look for usage in. */
const TAIL_BYTES = 4_096;

/** What of an engine's headers is the client's to see. */
const PASSED_ON = ['content-type', 'content-length', 'cache-control', OIP_HEADER_LENGTH] as const;

const UNPRICED: Terms = { subscription: '', priceVersion: '', lease: '' };

/** What is measured: the call, who made it, where it went, how large it came in. */
export interface Metered {
  readonly call: Call;
  readonly caller: Caller;
  readonly target: Target;
  readonly work: Work;
  readonly requestBytes: number;
}

/**
 * Stands between dispatch and the client's sink: counts, takes the engine's private usage out, and holds the answer's last
 * frame back until the usage record is safe. So an answer that a client received whole always has its record.
 */
export class Meter implements AnswerSink {
  readonly #sink: ReplySink;
  #metered: Metered;
  readonly #headers: Record<string, string>;
  readonly #clock: Clock;
  readonly #tap: StreamTap | undefined;
  #usage: EngineUsage | undefined;
  #held: Uint8Array | undefined;
  #tail: Buffer = Buffer.alloc(0);
  #responseBytes = 0;
  #status = 0;

  /** `headers`: the gateway's own, which become the answer's. */
  constructor(sink: ReplySink, metered: Metered, headers: Record<string, string>, clock: Clock) {
    this.#sink = sink;
    this.#metered = metered;
    this.#headers = headers;
    this.#clock = clock;
    this.#tap = metered.work.kind === 'forward' && metered.work.stream ? new StreamTap() : undefined;
  }

  /** The call goes elsewhere: it is measured by what it becomes there. Only before the first byte. */
  turnTo(target: Target, work: Work): void {
    this.#metered = { ...this.#metered, target, work };
    // What has come of an answer that broke off belongs to no other.
    this.#held = undefined;
    this.#tail = Buffer.alloc(0);
    this.#usage = undefined;
    this.#responseBytes = 0;
    for (const name of PASSED_ON) delete this.#headers[name];
  }

  /** A byte of the answer has been sent. */
  get committed(): boolean {
    return this.#sink.committed;
  }

  head(status: number, received: AnswerHeaders): void {
    const { call } = this.#metered;
    call.times.first_byte = this.#clock.monotonic() - call.arrivedAt;
    this.#status = status;
    const usage = received[ENGINE_HEADER.usage];
    if (typeof usage === 'string') this.#usage = parseUsage(usage);
    const headers = this.#headers;
    passOn(received, headers);
    headers['server-timing'] = serverTiming(call);
    headers['x-modelyard-revision'] = (call.servedBy ?? this.#metered.target.revision).id;
    this.#sink.head(status, headers);
  }

  frame(bytes: Uint8Array): boolean {
    // Held back, an empty frame would let the answer's last byte go before its record.
    if (bytes.length === 0) return true;
    this.#responseBytes += bytes.length;
    if (this.#tap) {
      const pass = this.#tap.push(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes));
      return pass.length === 0 || this.#sink.frame(pass);
    }
    if (!this.#usage) this.#tail = Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES);
    const before = this.#held;
    this.#held = bytes;
    return before === undefined || this.#sink.frame(before);
  }

  drained(): Promise<void> {
    return this.#sink.drained();
  }

  /** Writes the record, then lets the rest of the answer go. */
  async finish(ending: Ending, usage: UsageSink): Promise<UsageRecord> {
    const fault = ending.fault ?? this.#cutShort(ending);
    const { counts, estimated } = this.#counts(ending, fault);
    const record = this.#record(ending, { counts, estimated, fault });
    try {
      await usage.append(record);
    } catch (error) {
      this.#sink.fail(
        new Fault('unavailable', 'usage_log_unwritable', 'The server can not record usage at the moment, and so serves nothing.', { cause: error, retryAfterSeconds: 5 }),
      );
      throw error;
    }
    // An engine that has told its stream's failure itself is not repeated.
    if (fault && !this.#tap?.errored) this.#sink.fail(fault);
    else if (fault) this.#sink.end();
    else if (ending.status === 'complete') this.#release();
    return record;
  }

  #release(): void {
    this.#sink.end(this.#tap ? this.#tap.done : this.#held);
  }

  /** A stream that ends without its terminator was cut, whatever the connection says (S28). */
  #cutShort({ status }: Ending): Fault | undefined {
    if (status !== 'complete' || !this.#tap || this.#tap.done || this.#tap.errored) return undefined;
    return new Fault('bad_upstream', 'engine_crashed', 'The engine stopped in the middle of this answer.');
  }

  #counts({ status, usage }: Ending, fault: Fault | undefined): { counts: Counts; estimated: boolean } {
    const { work, requestBytes } = this.#metered;
    if (work.kind === 'tensor') return { counts: { ...NO_COUNTS, rows: status === 'complete' ? work.rows : 0 }, estimated: false };
    const exact = this.#tap?.usage ?? this.#usage ?? usage ?? (this.#tap ? undefined : usageInTail(this.#tail));
    if (exact) {
      // Nothing came of it: nothing is owed (M17). Vectors that their client had a part of, and left the end of, are owed.
      const broken = status !== 'complete' || fault !== undefined || this.#tap?.errored === true;
      const taken = status === 'cancelled' && fault === undefined && !this.#tap && this.#sink.committed;
      const free = broken && !taken && exact.completionTokens === 0;
      return { counts: free ? NO_COUNTS : { ...exact, rows: 0 }, estimated: false };
    }
    const completionTokens = this.#tap ? this.#tap.contentFrames : estimateTokens(this.#responseBytes);
    if (this.#status !== 200 || completionTokens === 0) return { counts: NO_COUNTS, estimated: this.#status === 200 };
    return { counts: { promptTokens: estimateTokens(requestBytes), cachedTokens: 0, completionTokens, rows: 0 }, estimated: true };
  }

  #record(ending: Ending, { counts, estimated, fault }: { counts: Counts; estimated: boolean; fault: Fault | undefined }): UsageRecord {
    const { call, caller, target, requestBytes } = this.#metered;
    const revision = call.servedBy ?? target.revision;
    const durationMs = this.#clock.monotonic() - call.arrivedAt;
    call.times.total = durationMs;
    const cancelled = ending.status === 'cancelled';
    return {
      requestId: call.id,
      startedAt: call.startedAtMs,
      orgId: caller.orgId,
      keyId: caller.keyId,
      deployment: target.deployment.name,
      revision: revision.id,
      model: revision.model,
      version: revision.version,
      operation: call.operation,
      status: cancelled ? 'cancelled' : fault || this.#tap?.errored ? 'failed' : 'ok',
      httpStatus: this.#sink.committed ? this.#status : cancelled ? 499 : fault ? httpStatus(fault.kind) : this.#status,
      ...counts,
      requestBytes,
      responseBytes: this.#responseBytes,
      estimated,
      attempts: ending.attempts,
      durationMs: toMicroseconds(durationMs),
      stages: roundedTimes(call),
      ...(call.terms ?? UNPRICED),
    };
  }
}

/** Digits beyond a microsecond say nothing, and cost most of the time that writing a record takes. */
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function roundedTimes({ times }: Call): Record<string, number> {
  const rounded: Record<string, number> = {};
  for (const stage of STAGES) {
    const at = times[stage];
    if (at !== undefined) rounded[stage] = toMicroseconds(at);
  }
  return rounded;
}

/** Passes on what is `PASSED_ON`. One name after the other: a loop over names costs several times as much. */
function passOn(from: AnswerHeaders, to: Record<string, string>): void {
  const type = from['content-type'];
  const length = from['content-length'];
  const cache = from['cache-control'];
  const header = from[OIP_HEADER_LENGTH];
  if (typeof type === 'string') to['content-type'] = type;
  if (typeof length === 'string') to['content-length'] = length;
  if (typeof cache === 'string') to['cache-control'] = cache;
  if (typeof header === 'string') to[OIP_HEADER_LENGTH] = header;
}

/** Milliseconds of each stage, for the browser's and the client's own tools. */
function serverTiming({ times }: Call): string {
  let before = 0;
  let text = '';
  for (const stage of STAGES) {
    const at = times[stage];
    if (at === undefined) continue;
    const hundredths = Math.round((at - before) * 100);
    const fraction = hundredths % 100;
    // Whole numbers: a fraction's shortest decimal form takes the runtime as long as the rest of the line.
    text += `${text && ', '}${stage};dur=${(hundredths - fraction) / 100}.${fraction < 10 ? '0' : ''}${fraction}`;
    before = at;
  }
  return text;
}
