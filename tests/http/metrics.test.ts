import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatBody, type Harness, startHarness } from '../harness.ts';

const DASHBOARD = new URL('../../docs/grafana/modelyard.json', import.meta.url);
const SIGNATURE = { inputs: [{ name: 'INPUT0', datatype: 'FP32', shape: [-1, 2] }], outputs: [{ name: 'OUTPUT0', datatype: 'FP32', shape: [-1, 2] }] } as const;
let modelyard: Harness;
beforeAll(async () => {
  modelyard = await startHarness();
  // Engines in this process have no process whose use could be measured.
  const { launcher } = modelyard;
  const launch = launcher.launch.bind(launcher);
  launcher.launch = (order) => ({ ...launch(order), usage: () => ({ memoryBytes: 5_000_000, memoryPeakBytes: 6_000_000, cpuSeconds: 1.5 }) });
  await modelyard.deployEcho('echo');
  await modelyard.deployEcho('tensor', { task: 'tensor', signature: structuredClone(SIGNATURE) as never, maxBatchSize: 4 });
  await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'hello there') });
  await modelyard.call('/v1/chat/completions', { body: chatBody('echo', 'hello there') });
  await modelyard.call('/v1/chat/completions', { body: chatBody('echo', '[[error:500]]') });
  await modelyard.call('/v1/chat/completions', { body: chatBody('unknown', 'x') });
  const inputs = [{ name: 'INPUT0', shape: [1, 2], datatype: 'FP32', data: [1, 2] }];
  await modelyard.call('/v2/models/tensor/infer', { body: { inputs } });
  await modelyard.call('/api/v1/deployments/echo/slo', { method: 'PUT', body: { availability: 0.9 } });
});
afterAll(() => modelyard.stop());

const metrics = async () => (await modelyard.call('/metrics')).text();

/** The scheduler measures its engines once a second. */
async function measured(): Promise<string> {
  await expect.poll(async () => (await metrics()).includes('modelyard_replica_cpu_seconds_total{'), { timeout: 5_000 }).toBe(true);
  return metrics();
}

/** Each series' name with all labels that its samples have. */
function labelsOf(text: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? /gm)) {
    const known = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const FUNCTIONS = new Set(['sum', 'by', 'rate', 'increase', 'histogram_quantile', 'label_values']);

/** The metrics of a PromQL expression, and the labels that are asked of them. */
function wordsOf(expr: string): { readonly names: readonly string[]; readonly labels: readonly string[] } {
  const labels = [...expr.matchAll(/([a-z_]+)=~?"/g), ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => [...list.matchAll(/([a-z_]+)/g)])].map(
    ([, label = '']) => label,
  );
  const bare = expr
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/by \([^)]*\)/g, '');
  return { names: [...bare.matchAll(/[a-z_][a-z0-9_]*/g)].map(([name]) => name).filter((name) => !FUNCTIONS.has(name)), labels };
}

test('every expression of the Grafana dashboard names metrics and labels that /metrics really has', async () => {
  const series = labelsOf(await measured());
  const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: readonly Panel[]; templating: { list: readonly { definition?: string }[] } };
  let seen = 0;
  for (const { title, targets } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      const { names, labels } = wordsOf(expr);
      expect(names.length, `${title}: ${expr}`).toBeGreaterThan(0);
      for (const name of names) expect([...series.keys()], `${title}: ${expr}`).toContain(name);
      const known = new Set(names.flatMap((name) => [...(series.get(name) ?? [])]));
      for (const label of [...labels, ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name)])
        expect([...known], `${title}: ${expr}: ${label}`).toContain(label);
      seen += names.length;
    }
  }
  expect(seen).toBeGreaterThan(20);
  for (const { definition } of dashboard.templating.list) if (definition !== undefined) expect(definition).toBe('label_values(modelyard_calls_waiting, deployment)');
});

test('replicas, batches, cached tokens and faults are there with their values; a replica that is gone is no series any more', async () => {
  const text = await measured();
  expect(text).toMatch(/^modelyard_replicas\{deployment="echo",state="ready"\} 1$/m);
  expect(text).toMatch(/^modelyard_replica_slots\{deployment="echo",replica="rep_\w+"\} 8$/m);
  expect(text).toMatch(/^modelyard_replica_memory_bytes\{deployment="tensor",replica="rep_\w+"\} [1-9]\d+$/m);
  expect(text).toMatch(/^modelyard_replica_cpu_seconds_total\{deployment="echo",replica="rep_\w+"\} 1\.5$/m);
  expect(text).toMatch(/^modelyard_batch_calls_sum\{deployment="tensor"\} 1$/m);
  expect(text).not.toMatch(/modelyard_batch_calls_sum\{deployment="echo"/);
  expect(text).toMatch(/^modelyard_cached_prompt_tokens_total\{gen_ai_request_model="echo"\} [1-9]\d*$/m);
  expect(text).toMatch(/^modelyard_server_faults_total\{gen_ai_request_model="echo"\} 1$/m);
  expect(text).toMatch(/^modelyard_slo_burn_rate\{deployment="echo",windows="1h\/5m"\} 0$/m);
  await modelyard.call('/api/v1/deployments/tensor', { method: 'DELETE' });
  await expect.poll(async () => /^modelyard_replica(s|_slots|_memory_bytes|_cpu_seconds_total)\{deployment="tensor"/m.test(await metrics()), { timeout: 10_000 }).toBe(false);
});
