import { type Attributes, type Context, type HrTime, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { type Fault, httpStatus } from '../../contract/errors.ts';
import type { UsageRecord } from '../../contract/usage.ts';
import { contextHeaders, remoteParent } from './trace-context.ts';
import type { CallTrace, TracedCall } from './tracing.ts';

/** OpenTelemetry's names for what we call otherwise (GenAI semantic conventions). A tensor model's `infer` has none of its own there. */
const OPERATIONS: Readonly<Record<string, string>> = { completion: 'text_completion', embedding: 'embeddings' };
/** Stages of the gateway itself, in their order. */
const OWN_STAGES = ['body', 'resolve', 'admit', 'queue'] as const;
const SERVER_ERROR = 500;

type Stages = Readonly<Record<string, number | undefined>>;

/** One call as spans: its own, one a stage, and one for the engine's part. All but its own are made when it ends, from the times that are kept anyway. */
export class SpanTrace implements CallTrace {
  readonly headers: readonly string[];
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;
  readonly #startedAtMs: number;
  readonly #operation: string;
  #ended = false;

  constructor(tracer: Tracer, { operation, requestId, orgName, startedAtMs, headers }: TracedCall) {
    const parent = remoteParent(headers);
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    this.#tracer = tracer;
    this.#operation = OPERATIONS[operation] ?? operation;
    this.#startedAtMs = startedAtMs;
    this.#span = tracer.startSpan(
      this.#operation,
      {
        kind: SpanKind.SERVER,
        startTime: timeAt(startedAtMs),
        attributes: {
          'gen_ai.operation.name': this.#operation,
          'gen_ai.provider.name': 'modelyard',
          ...addressIn(headers['host']),
          'modelyard.request.id': requestId,
          'modelyard.organization': orgName,
        },
      },
      context,
    );
    this.#context = trace.setSpan(context, this.#span);
    this.headers = contextHeaders(this.#span.spanContext());
  }

  resolved(deployment: string): void {
    if (!this.#span.isRecording()) return;
    this.#span.updateName(`${this.#operation} ${deployment}`);
    this.#span.setAttribute('gen_ai.request.model', deployment);
  }

  finished(record: UsageRecord, fault: Fault | undefined): void {
    if (!this.#isRecording()) return;
    const { stages, durationMs } = record;
    this.resolved(record.deployment);
    this.#span.setAttributes(usageOf(record));
    this.#stages(stages);
    this.#upstream(record);
    if (record.status === 'cancelled') this.#span.setAttribute('error.type', 'cancelled');
    else if (record.status === 'failed') this.#fail(fault?.code ?? 'engine_error', record.httpStatus);
    this.#span.end(timeAt(this.#startedAtMs + durationMs));
  }

  refused(fault: Fault, stages: Stages, durationMs: number): void {
    if (!this.#isRecording()) return;
    const status = httpStatus(fault.kind);
    this.#span.setAttribute('http.response.status_code', status);
    this.#stages(stages);
    this.#fail(fault.code, status);
    this.#span.end(timeAt(this.#startedAtMs + durationMs));
  }

  replayed(durationMs: number): void {
    if (!this.#isRecording()) return;
    this.#span.setAttribute('modelyard.replayed', true);
    this.#span.end(timeAt(this.#startedAtMs + durationMs));
  }

  #isRecording(): boolean {
    const isFirst = !this.#ended;
    this.#ended = true;
    return isFirst && this.#span.isRecording();
  }

  /** A caller's own mistake is no failure of this server. */
  #fail(type: string, status: number): void {
    this.#span.setAttribute('error.type', type);
    if (status >= SERVER_ERROR || status < 300) this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  #stages(stages: Stages): void {
    this.#child('authenticate', 0, stages['authenticate']);
    let before = stages['authenticate'] ?? 0;
    for (const name of OWN_STAGES) {
      const at = stages[name];
      this.#child(name, before, at);
      before = at ?? before;
    }
  }

  /** From the moment when an engine's slot was free. */
  #upstream({ stages, durationMs, model, version, revision }: UsageRecord): void {
    const { queue, first_byte: firstByte } = stages;
    if (queue === undefined) return;
    const attributes = { 'gen_ai.operation.name': this.#operation, 'gen_ai.response.model': `${model}:${version}`, 'modelyard.revision': revision };
    const span = this.#tracer.startSpan('upstream', { kind: SpanKind.CLIENT, startTime: timeAt(this.#startedAtMs + queue), attributes }, this.#context);
    const within = trace.setSpan(this.#context, span);
    this.#child('first_byte', queue, firstByte, within);
    if (firstByte !== undefined) this.#child('answer', firstByte, durationMs, within);
    span.end(timeAt(this.#startedAtMs + durationMs));
  }

  #child(name: string, fromMs: number, toMs: number | undefined, context = this.#context): void {
    if (toMs === undefined || toMs < fromMs) return;
    this.#tracer.startSpan(name, { startTime: timeAt(this.#startedAtMs + fromMs) }, context).end(timeAt(this.#startedAtMs + toMs));
  }
}

function usageOf({
  model,
  version,
  revision,
  status,
  httpStatus: code,
  attempts,
  promptTokens,
  cachedTokens,
  completionTokens,
  rows,
  operation,
  estimated,
}: UsageRecord): Attributes {
  const tokens = { 'gen_ai.usage.input_tokens': promptTokens, 'gen_ai.usage.output_tokens': completionTokens, 'gen_ai.usage.cache_read.input_tokens': cachedTokens };
  return {
    'gen_ai.response.model': `${model}:${version}`,
    ...(operation === 'infer' ? { 'modelyard.usage.rows': rows } : tokens),
    'http.response.status_code': code,
    'modelyard.revision': revision,
    'modelyard.status': status,
    'modelyard.attempts': attempts,
    ...(estimated && { 'modelyard.usage.estimated': true }),
  };
}

/** What the client has called us by; checked against the names of this server already. */
function addressIn(host: string | string[] | undefined): Attributes {
  const url = typeof host === 'string' ? URL.parse(`http://${host}`) : null;
  return url ? { 'server.address': url.hostname, ...(url.port !== '' && { 'server.port': Number(url.port) }) } : {};
}

/** Milliseconds since 1970, with their fraction, as OpenTelemetry has it: seconds and nanoseconds. */
function timeAt(ms: number): HrTime {
  const micros = Math.round(ms * 1_000);
  const seconds = Math.floor(micros / 1_000_000);
  return [seconds, (micros - seconds * 1_000_000) * 1_000];
}
