import type { Modelyard } from '@modelyard/sdk';
import { CLASSES, type Examples, rowsOf } from './data.ts';
import { NAME, readyReplicas, until } from './deploy-model.ts';
import { infer, underLoad } from './load.ts';
import { bytes, count, percent, say, table } from './page.ts';
import { sayEvents } from './schedule.ts';

const CLIENTS = 4;
const ROWS_PER_CALL = 32;

/** Asks for two engines always, kills one under load and shows the repair; then measures what the model is worth and what it costs. */
export async function monitorAndMaintain(client: Modelyard, examples: Examples): Promise<void> {
  await client.patch('/api/v1/deployments/{name}', { params: { name: NAME }, body: { minReplicas: 2 } });
  await until(async () => (await readyReplicas(client)).length === 2);
  const { calls, failed } = await underLoad(client, examples, { clients: CLIENTS, work: () => killAndRepair(client) });
  say(`an engine was killed under ${CLIENTS} clients: ${calls} calls, ${failed} failed. The repair:`);
  await sayEvents(client, 4);
  const report = await measureQuality(client, examples);
  sayQuality(report);
  await sayPerformance(client);
  await sayCost(client);
}

/** Kills one of the engines as a crash would, and waits until another stands in its place. */
async function killAndRepair(client: Modelyard): Promise<void> {
  const before = await readyReplicas(client);
  const [victim] = before;
  if (victim?.pid === undefined) throw new Error('the engines do not run on this machine: none can be killed');
  process.kill(victim.pid, 'SIGKILL');
  await until(async () => {
    const now = await readyReplicas(client);
    return now.length === before.length && !now.some(({ id }) => id === victim.id);
  });
}

type Report = Awaited<ReturnType<typeof measureQuality>>;

/** Calls the model with every example, and has the answers measured. */
async function measureQuality(client: Modelyard, examples: Examples) {
  const rows: number[][] = [];
  for (let from = 0; from < examples.labels.length; from += ROWS_PER_CALL) {
    const to = Math.min(from + ROWS_PER_CALL, examples.labels.length);
    const probabilities = await infer(client, rowsOf(examples, from, to));
    for (let row = 0; row < to - from; row++) rows.push([...probabilities.subarray(row * CLASSES, (row + 1) * CLASSES)]);
  }
  const predicted = rows.map((row) => row.indexOf(Math.max(...row)));
  const classes = Array.from({ length: CLASSES }, (_, index) => index);
  return client.post('/api/v1/evaluations', { body: { model: NAME, examples: { task: 'classification', actual: [...examples.labels], predicted, scores: { classes, rows } } } });
}

function sayQuality({ examples, metrics, confusion, classes = [] }: Report): void {
  const of = (name: string) => metrics[name]?.value?.toFixed(4) ?? '–';
  const { low = 0, high = 0 } = metrics['accuracy']?.interval ?? {};
  say(`accuracy ${of('accuracy')} on ${examples} examples that it has not seen (95 %: ${low.toFixed(4)} to ${high.toFixed(4)})`);
  say(`precision ${of('precision_macro')}, recall ${of('recall_macro')}, F1 ${of('f1_macro')} (means over the classes); log loss ${of('log_loss')}, ROC AUC ${of('roc_auc_ovr')}`);
  const rows = (confusion?.counts ?? []).map((row, index) => [confusion?.labels[index] ?? '', ...row, classes[index]?.recall.toFixed(2) ?? '']);
  say(table(['true \\ said', ...(confusion?.labels ?? []).map(String), 'recall'], rows));
}

async function sayPerformance(client: Modelyard): Promise<void> {
  const figures = (await client.get('/api/v1/figures')).data.find(({ deployment }) => deployment === NAME);
  const replicas = await readyReplicas(client);
  say(
    `the last minute: ${count(figures?.callsPerSecond)} calls/s, ${percent(figures?.failedShare)} failed, latency p50 ${figures?.p50Ms.toFixed(1)} ms, p99 ${figures?.p99Ms.toFixed(1)} ms`,
  );
  say(
    table(
      ['engine', 'reserved', 'in memory', 'at the peak', 'CPU'],
      replicas.map(({ id, memoryBytes, usage }) => [
        id.slice(-6),
        bytes(memoryBytes),
        bytes(usage?.memoryBytes),
        bytes(usage?.memoryPeakBytes),
        `${usage?.cpuSeconds.toFixed(1) ?? '–'} s`,
      ]),
    ),
  );
}

/** What the model has cost so far, and where that comes from. */
async function sayCost(client: Modelyard): Promise<void> {
  // Costs are counted every ten seconds.
  await until(async () => (await client.get('/api/v1/costs', { query: { by: 'model' } })).totals.totalMicros > 0);
  const { data, currency, defaultRates } = await client.get('/api/v1/costs', { query: { by: 'model' } });
  const cost = data.find(({ group }) => group === NAME);
  const money = (micros: number | null | undefined) => `${((micros ?? 0) / 1e6).toFixed(6)} ${currency}`;
  say(
    `cost so far: compute ${money(cost?.computeMicros)}, its share of idle machines ${money(cost?.idleMicros)}, data ${money(cost?.dataMicros)}, maintenance ${money(cost?.maintenanceMicros)}`,
  );
  say(`altogether ${money(cost?.totalMicros)}: ${money(cost?.perThousandCallsMicros)} per 1,000 calls (${defaultRates.length} rates are defaults; modelyard.yaml sets them)`);
}
