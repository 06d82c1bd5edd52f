import { type Static, Type } from 'typebox';
import type { Clock } from '../base/clock.ts';
import { invalid } from '../contract/errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { openTracing } from '../telemetry/tracing/open.ts';
import type { OtlpSettings, Tracing } from '../telemetry/tracing/tracing.ts';

const closed = { additionalProperties: false } as const;
const HeaderValue = Type.String({ maxLength: 4_096, pattern: '^[\\x20-\\x7e]*$' });
const OtlpSection = Type.Object(
  {
    endpoint: Type.String({ maxLength: 300 }),
    headers: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]{1,100}$' }), HeaderValue, { maxProperties: 32, ...closed })),
    sampleRatio: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    serviceName: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
  closed,
);
/** `otlp`: traces of calls are sent to the collector at `endpoint` (`http://HOST:4318`, to which OTLP's `/v1/traces` is added), with `headers`; of calls that bring no decision, `sampleRatio` (1) is traced. None unless told so, here or by OpenTelemetry's own names in the environment. */
export const TelemetrySection = Type.Object({ otlp: Type.Optional(OtlpSection) }, closed);

const SERVICE = 'modelyard';
const TRACES = '/v1/traces';
const RATIO_SAMPLERS = new Set(['traceidratio', 'parentbased_traceidratio']);
const OFF_SAMPLERS = new Set(['always_off', 'parentbased_always_off']);

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws Fault for what is no address */
export function otlpOf({ endpoint, headers = {}, sampleRatio = 1, serviceName = SERVICE }: Static<typeof OtlpSection>): OtlpSettings {
  return { url: addressOf(`${endpoint.replace(/\/$/, '')}${TRACES}`, 'telemetry.otlp.endpoint'), headers, ratio: sampleRatio, serviceName };
}

/** What OpenTelemetry's own names in the environment say; undefined: nothing. @throws Fault that names the variable which is not accepted */
export function otlpInEnvironment(all: Variables): OtlpSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = all;
  if (disabled?.toLowerCase() === 'true' || exporter === 'none' || (!endpoint && !whole)) return undefined;
  const url = whole ? addressOf(whole, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') : addressOf(`${endpoint?.replace(/\/$/, '')}${TRACES}`, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const headers = { ...headersIn(all, 'OTEL_EXPORTER_OTLP_HEADERS'), ...headersIn(all, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS') };
  return { url, headers, ratio: ratioIn(all), serviceName: all['OTEL_SERVICE_NAME'] || SERVICE };
}

function addressOf(text: string, where: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === '') return url.href;
  throw invalid(`"${text.slice(0, 300)}" in ${where} is not accepted; write http://HOST:4318 or https://HOST/PATH, without a name or a password.`, where);
}

/** `name=value,name=value`, each percent-encoded, as in W3C's baggage. */
function headersIn(all: Variables, variable: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of (all[variable] ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const [, name, value] = /^\s*([A-Za-z0-9-]{1,100})\s*=\s*([\x21-\x7e ]*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw invalid(`${variable} is not accepted; write NAME=VALUE,NAME=VALUE.`, variable);
    headers[name] = decoded(value);
  }
  return headers;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function ratioIn({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: text }: Variables): number {
  if (sampler !== undefined && OFF_SAMPLERS.has(sampler)) return 0;
  if (sampler === undefined || !RATIO_SAMPLERS.has(sampler) || text === undefined || text === '') return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw invalid(`"${text.slice(0, 40)}" in OTEL_TRACES_SAMPLER_ARG is not accepted; write a number from 0 to 1.`, 'OTEL_TRACES_SAMPLER_ARG');
}

export interface TracingOf {
  readonly clock: Clock;
  readonly log: Logger;
  /** What ends with the server. */
  readonly stack: AsyncDisposableStack;
}

/** Opens the way to the collector, where there is one. */
export async function tracingOf({ otlp }: { readonly otlp: OtlpSettings | undefined }, { clock, log, stack }: TracingOf): Promise<Tracing | undefined> {
  const tracing = await openTracing(otlp, { clock, problem: (error) => log.warn({ err: error }, 'traces could not be sent') });
  stack.defer(() => tracing?.close());
  return tracing;
}
