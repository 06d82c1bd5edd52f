import { expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { estimate } from '../../src/scheduler/estimate.ts';
import { startRealServer, type RealServer } from './real-server.ts';

const MIB = 1_048_576;
const CALLS = 200;
const AT_ONCE = 50;
const STARTERS = ['smollm2-135m-instruct', 'all-minilm-l6-v2', 'ppocr-v4-rec', 'magika'];
/** How far an estimate may be above what was measured (Q8). */
const OVER_MAX = 1.2;

async function estimates({ running }: RealServer): Promise<Map<string, number>> {
  const models = await running.control.registry.list(running.operator);
  return new Map(models.flatMap(({ name, versions }) => (STARTERS.includes(name) && versions[0] ? [[name, estimate(versions[0].manifest).memoryBytes] as const] : [])));
}

type Sent = { readonly path: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

/** One call for each starter. */
async function requests(): Promise<Readonly<Record<string, Sent>>> {
  const json = (path: string, body: unknown): Sent => ({ path, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) });
  return {
    'smollm2-135m-instruct': json('/v1/chat/completions', { model: 'smollm2-135m-instruct', max_tokens: 8, messages: [{ role: 'user', content: 'Say hello.' }] }),
    'all-minilm-l6-v2': json('/v1/embeddings', { model: 'all-minilm-l6-v2', input: ['That is a happy person', 'Today is a sunny day'] }),
    'ppocr-v4-rec': bytesCall('ppocr-v4-rec', 'image', await readFile('tests/fixtures/line.png')),
    magika: bytesCall('magika', 'file', Buffer.from('#!/bin/sh\necho hello\n')),
  };
}

/** One BYTES element in OIP's binary form: its length, then itself. */
function bytesCall(model: string, name: string, element: Buffer): Sent {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(element.length);
  const size = length.length + element.length;
  const head = Buffer.from(JSON.stringify({ inputs: [{ name, datatype: 'BYTES', shape: [1], parameters: { binary_data_size: size } }] }));
  return { path: `/v2/models/${model}/infer`, headers: { 'inference-header-content-length': String(head.length) }, body: Buffer.concat([head, length, element]) };
}

async function callerOf({ url, key }: RealServer): Promise<(model: string) => Promise<number>> {
  const all = await requests();
  return async (model) => {
    const { path = '', headers, body = null } = all[model] ?? {};
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-request-timeout': '240', ...headers },
      body: body && new Uint8Array(body),
    });
    await response.arrayBuffer();
    return response.status;
  };
}

test('Q8: what each starter takes at its peak is never above its estimate, and at most a fifth below', { timeout: 300_000 }, async () => {
  await using server = await startRealServer();
  const call = await callerOf(server);
  for (const model of STARTERS) expect(await call(model), model).toBe(200);
  const estimated = await estimates(server);
  // Replicas are measured once a second: what is read must be from after the calls.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await expect
    .poll(
      () =>
        server.running.control.deployments
          .list(server.running.operator)
          // Other tests leave deployments of their own on this server.
          .filter(({ name, health }) => STARTERS.includes(name) && Object.values(health).some(({ replicas }) => replicas[0]?.usage === undefined))
          .map(({ name, health }) => ({ name, health })),
      { timeout: 10_000 },
    )
    .toEqual([]);
  const rows = server.running.control.deployments
    .list(server.running.operator)
    .filter(({ name }) => STARTERS.includes(name))
    .map(({ name, health }) => ({ name, peak: Object.values(health)[0]?.replicas[0]?.usage?.memoryPeakBytes ?? 0, estimate: estimated.get(name) ?? 0 }));
  for (const { name, peak, estimate: of } of rows) process.stdout.write(`${name}: estimated ${Math.round(of / MIB)} MiB, measured ${Math.round(peak / MIB)} MiB at the peak\n`);
  expect(rows).toHaveLength(STARTERS.length);
  for (const { name, peak, estimate: of } of rows) {
    expect(of, name).toBeGreaterThanOrEqual(peak);
    expect(of, name).toBeLessThanOrEqual(peak * OVER_MAX);
  }
});

test(`S21: with room for the largest starter and no other beside it, ${CALLS} mixed calls to all four are answered`, { timeout: 400_000 }, async () => {
  const needs = await (async () => {
    await using server = await startRealServer();
    return [...(await estimates(server)).values()].toSorted((a, b) => b - a);
  })();
  const [largest = 0] = needs;
  const smallest = needs.at(-1) ?? 0;
  await using server = await startRealServer({ engineMemoryBytes: largest + Math.floor(smallest / 2) });
  const call = await callerOf(server);
  const waiting = Array.from({ length: CALLS }, (_, index) => STARTERS[index % STARTERS.length] ?? '');
  const statuses = new Map<number, number>();
  const worker = async () => {
    for (let model = waiting.shift(); model !== undefined; model = waiting.shift()) {
      const status = await call(model);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(Object.fromEntries(statuses)).toEqual({ 200: CALLS });
});
