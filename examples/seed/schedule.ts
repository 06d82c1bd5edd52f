import type { Modelyard } from '@modelyard/sdk';
import type { Examples } from './data.ts';
import { rowsOf } from './data.ts';
import { NAME, readyReplicas, until } from './deploy-model.ts';
import { infer, underLoad } from './load.ts';
import { bytes, count, say, table } from '../lib/page.ts';

/** What is expected to be called, rows a second. */
const DEMAND = 500;
const CLIENTS = 24;

/** States a demand, shows what is allocated for it and why, calls the model, and calls it so much that a second engine comes. */
export async function scheduleAndAllocateResources(client: Modelyard, examples: Examples): Promise<void> {
  const needs = await client.get('/api/v1/models/{name}/estimate', { params: { name: NAME }, query: { callsPerSecond: DEMAND } });
  say(
    table(
      ['a replica needs', 'memory', 'computed as'],
      needs.lines.map(({ what, bytes: size, arithmetic }) => [what, bytes(size), arithmetic]),
    ),
  );
  say(`altogether ${bytes(needs.memoryBytes)}; by the roofline at most ${count(needs.throughput.rowsPerSecond)} rows/s, bound by ${needs.throughput.boundBy}`);
  say(`${DEMAND} rows a second are ${needs.demand?.concurrency.toFixed(2)} calls at a time (Little's law): ${needs.demand?.replicas} replica`);
  const probabilities = await infer(client, rowsOf(examples, 0, 1));
  say(`one call by OIP: class ${probabilities.indexOf(Math.max(...probabilities))}, probability ${Math.max(...probabilities).toFixed(3)} (true class ${examples.labels[0]})`);
  const { callsPerSecond, failed } = await underLoad(client, examples, { clients: CLIENTS, work: () => until(async () => (await readyReplicas(client)).length === 2) });
  say(`${CLIENTS} clients at once: ${count(callsPerSecond)} calls/s, ${failed} failed, and a second engine has come. Every decision with its reason:`);
  await sayEvents(client);
}

/** The newest decisions on this deployment, with their reasons. */
export async function sayEvents(client: Modelyard, limit = 12): Promise<void> {
  // They are written a moment after they happened.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { data } = await client.get('/api/v1/events', { query: { deployment: NAME, limit } });
  say(
    table(
      ['engine', 'is', 'because'],
      data.map(({ replica, state, reason }) => [replica.slice(-6) || '–', state, reason]),
    ),
  );
}
