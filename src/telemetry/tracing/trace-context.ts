import { createTraceState, isValidSpanId, isValidTraceId, type SpanContext, TraceFlags } from '@opentelemetry/api';

/** W3C Trace Context, level 1: `traceparent` and `tracestate`. */
const PARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const STATE_CHARS_MAX = 512;
const PARENT_CHARS_MAX = 512;

type Headers = { readonly [name: string]: string | string[] | undefined };

/** Whose part a call is, as its headers say; undefined: nobody's, or it can't be read. */
export function remoteParent({ traceparent, tracestate }: Headers): SpanContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > PARENT_CHARS_MAX) return undefined;
  const [, version, traceId = '', spanId = '', flags = '00', more] = PARENT.exec(traceparent) ?? [];
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId) || (version === '00' && more !== undefined)) return undefined;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const state = typeof tracestate === 'string' && tracestate.length <= STATE_CHARS_MAX ? tracestate : '';
  return { traceId, spanId, traceFlags, isRemote: true, ...(state && { traceState: createTraceState(state) }) };
}

/** The headers that make another server's spans this span's children: name, value, name, value. */
export function contextHeaders({ traceId, spanId, traceFlags, traceState }: SpanContext): readonly string[] {
  const state = traceState?.serialize() ?? '';
  const parent = `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
  return state ? ['traceparent', parent, 'tracestate', state] : ['traceparent', parent];
}
