import type { OtlpSettings, Tracing, TracingParts } from './tracing.ts';

/** OpenTelemetry is loaded only where it is wanted. */
export async function openTracing(settings: OtlpSettings | undefined, parts: TracingParts): Promise<Tracing | undefined> {
  if (!settings) return undefined;
  const { createOtlpTracing } = await import('./otlp.ts');
  return createOtlpTracing(settings, parts);
}
