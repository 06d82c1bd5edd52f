import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import { VERSION } from '../../contract/version.ts';
import { SpanQueue } from './span-queue.ts';
import { SpanTrace } from './span-trace.ts';
import type { OtlpSettings, Tracing, TracingParts } from './tracing.ts';

/** An export that has not succeeded by then, with its retries, has failed. */
const EXPORT_TIMEOUT_MS = 10_000;
const OUTCOMES = ['exported', 'dropped', 'failed'] as const;

/** Traces by OTLP/HTTP in protobuf. A caller's own decision whether to sample holds; other calls are sampled by ratio. */
export function createOtlpTracing({ url, headers, ratio, serviceName }: OtlpSettings, { clock, problem }: TracingParts): Tracing {
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS });
  const queue = new SpanQueue({ clock, exporter, problem });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': VERSION }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [queue],
  });
  const tracer = provider.getTracer('modelyard', VERSION);
  return {
    begin: (call) => new SpanTrace(tracer, call),
    countOn: (registry) => countSpans(registry, queue),
    close: () => queue.shutdown(),
  };
}

function countSpans(registry: Registry, { counts }: SpanQueue): void {
  new Counter({
    registers: [registry],
    name: 'modelyard_spans_total',
    help: 'Spans of traces: taken by the collector, dropped because too many waited, or not taken by it',
    labelNames: ['outcome'],
    collect() {
      this.reset();
      for (const outcome of OUTCOMES) this.inc({ outcome }, counts[outcome]);
    },
  });
}
