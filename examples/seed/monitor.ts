import type { Modelyard } from '@modelyard/sdk';
import { type Examples, makeExamples } from './data.ts';
import { defineModel } from './define-model.ts';
import { NAME, publishModel, readyReplicas, until } from './deploy-model.ts';
import { underLoad } from './load.ts';
import { bytes, count, percent, say, table } from '../lib/page.ts';
import { measureQuality, sayComparison, sayQuality } from './quality.ts';
import { sayEvents } from './schedule.ts';

const CLIENTS = 4;
const deployment = { params: { name: NAME } };

/** Shows a repair, measures what the model is worth, replaces it by a better version, and says what all that has cost. */
export async function monitorAndMaintain(client: Modelyard, examples: Examples): Promise<void> {
  await client.patch('/api/v1/deployments/{name}', { ...deployment, body: { minReplicas: 2 } });
  await until(async () => (await readyReplicas(client)).length === 2);
  const repair = await underLoad(client, examples, { clients: CLIENTS, work: () => killAndRepair(client) });
  say(`an engine was killed under ${CLIENTS} clients: ${count(repair.calls)} calls, ${repair.failed} failed. The repair:`);
  await sayEvents(client, 3);
  const before = await measureQuality(client, examples);
  sayQuality(before);
  const rollout = await underLoad(client, examples, { clients: CLIENTS, work: () => improve(client) });
  say(`a version trained on twice as much took over step by step: ${count(rollout.calls)} calls, ${rollout.failed} failed`);
  await sayEvents(client, 8);
  await sayComparison(client, before, await measureQuality(client, examples));
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

/** Trains again, on more, and rolls that out: to a fifth of the calls first, and to all when that went well. */
async function improve(client: Modelyard): Promise<void> {
  const version = await publishModel(client, await defineModel(await makeExamples(8_000, 13), 6));
  await client.post('/api/v1/deployments/{name}/rollouts', { ...deployment, body: { model: `${NAME}:${version}`, canary: { steps: [20], checks: 2, checkSeconds: 1 } } });
  const newest = async () => (await client.get('/api/v1/deployments/{name}/rollouts', deployment)).data[0];
  await until(async () => (await newest())?.state !== 'running');
  const { state, reason } = (await newest()) ?? {};
  if (state !== 'done') throw new Error(`the rollout was taken back: ${reason}`);
}

async function sayPerformance(client: Modelyard): Promise<void> {
  const figures = (await client.get('/api/v1/figures')).data.find((one) => one.deployment === NAME);
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
  const { data, currency, defaultRates } = await client.get('/api/v1/costs', { query: { by: 'model' } });
  const cost = data.find(({ group }) => group === NAME);
  const money = (micros: number | null | undefined) => `${((micros ?? 0) / 1e6).toFixed(6)} ${currency}`;
  say(`it has cost ${money(cost?.totalMicros)}: compute ${money(cost?.computeMicros)}, its share of idle machines ${money(cost?.idleMicros)}, data ${money(cost?.dataMicros)}`);
  say(`per 1,000 calls: ${money(cost?.perThousandCallsMicros)} (${defaultRates.length} rates are defaults; modelyard.yaml sets them)`);
}
