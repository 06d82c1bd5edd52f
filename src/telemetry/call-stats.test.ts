import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { UsageRecord } from '../contract/usage.ts';
import { CallStats, registerCallStats } from './call-stats.ts';

const record = (more: Partial<UsageRecord>): UsageRecord =>
  ({ deployment: 'a/b', operation: 'chat', status: 'ok', durationMs: 300, stages: { first_byte: 20 }, promptTokens: 5, completionTokens: 7, ...more }) as UsageRecord;

test('calls are shown as histograms and counters, per deployment, operation and status', async () => {
  const stats = new CallStats();
  const registry = new Registry();
  registerCallStats(stats, registry);
  stats.add(record({}));
  stats.add(record({ durationMs: 3_000 }));
  stats.add(record({ status: 'failed', stages: {} }));
  const text = await registry.metrics();
  expect(text).toContain('# TYPE gen_ai_server_request_duration_seconds histogram');
  const labels = 'gen_ai_operation_name="chat",gen_ai_request_model="a/b",status="ok"';
  expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{le="0.5",${labels}} 1`);
  expect(text).toContain(`gen_ai_server_request_duration_seconds_bucket{le="+Inf",${labels}} 2`);
  expect(text).toContain(`gen_ai_server_request_duration_seconds_sum{${labels}} 3.3`);
  expect(text).toContain(`gen_ai_server_time_to_first_token_seconds_count{${labels}} 2`);
  expect(text).toContain('gen_ai_client_token_usage_total{gen_ai_request_model="a/b",gen_ai_token_type="output"} 21');
  expect(await registry.metrics()).toBe(text);
});
