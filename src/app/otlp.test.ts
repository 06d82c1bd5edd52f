import { expect, test } from 'vitest';
import { gatewaySettings, parseConfigFile } from './config-file.ts';
import { otlpInEnvironment } from './otlp.ts';

const OFF = { headers: {}, ratio: 1, serviceName: 'modelyard' };

test('OpenTelemetry’s own names in the environment say where traces go', () => {
  expect(otlpInEnvironment({})).toBeUndefined();
  expect(otlpInEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })).toEqual({ ...OFF, url: 'http://collector:4318/v1/traces' });
  expect(
    otlpInEnvironment({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.org/in',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x, x-tenant=a',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=b',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }),
  ).toEqual({ url: 'https://traces.example.org/in', headers: { authorization: 'Bearer x', 'x-tenant': 'b' }, ratio: 0.25, serviceName: 'mine' });
  const at = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  expect(otlpInEnvironment({ ...at, OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
  expect(otlpInEnvironment({ ...at, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
  expect(otlpInEnvironment({ ...at, OTEL_TRACES_SAMPLER: 'always_off' })?.ratio).toBe(0);
  for (const bad of [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    { ...at, OTEL_EXPORTER_OTLP_HEADERS: 'no pair' },
    { ...at, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
  ]) {
    expect(() => otlpInEnvironment(bad)).toThrow(/is not accepted; write/);
  }
});

test("the operator's file says it too, and refuses what is no address", () => {
  const file = 'telemetry: { otlp: { endpoint: "http://collector:4318", headers: { authorization: Bearer x }, sampleRatio: 0.1 } }';
  expect(gatewaySettings(parseConfigFile(file)).otlp).toEqual({
    url: 'http://collector:4318/v1/traces',
    headers: { authorization: 'Bearer x' },
    ratio: 0.1,
    serviceName: 'modelyard',
  });
  for (const endpoint of ['collector', 'ftp://x', 'http://user:pass@x', 'http://x?y=1'])
    expect(() => parseConfigFile(`telemetry: { otlp: { endpoint: "${endpoint}" } }`), endpoint).toThrow('telemetry.otlp.endpoint');
  expect(() => parseConfigFile('telemetry: { otlp: { endpoint: "http://x", headers: { "a b": x } } }')).toThrow('telemetry.otlp.headers');
  expect(gatewaySettings(parseConfigFile('oip: { tritonCompatible: true }'))).toEqual({ asTriton: true });
});
