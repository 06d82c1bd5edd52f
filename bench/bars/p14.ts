import { join } from 'node:path';
import { allMiniLm } from '../../src/control-plane/registry/starters/all-minilm-l6-v2.ts';
import type { EngineSpec } from '../../src/contract/engine-wire.ts';
import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { control, enginesGone, startsOf } from '../lib/control.ts';
import type { GatewayQuestion, GatewayReady } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { GATEWAY_CPU, startGateway } from '../lib/rig.ts';
import { AA_MAX, AA_MIN } from '../lib/rounds.ts';
import { ratioOf, spreadOf } from '../lib/stats.ts';
import { forkLoadRun } from '../peers/bare-engine.ts';
import { cacheFolder } from '../peers/cache.ts';

const MODEL = 'bench-minilm';
const TEXT = 'The quick brown fox jumps over the lazy dog.';
const PATH = '/v1/embeddings';
/** Calls that find nothing loaded, all at once. */
const COLD_HITS = 50;
/** So many replicas might be started, if each call asked for its own. */
const REPLICAS_MAX = 4;

/** A load of the same engine takes the same time on a machine that does nothing else. */
const SPREAD_MAX = 0.25;

type Gateway = BenchProcess<GatewayReady>;

async function callOnce({ ready: { port, key } }: Gateway, deployment: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: deployment, input: TEXT }),
  });
  const text = await response.text();
  if (response.status !== 200 || !text.includes('"embedding":[')) throw new Error(`${deployment} answered ${response.status}: ${text.slice(0, 300)}`);
}

/** So many calls at once to a deployment that has never been loaded; then it goes again. Milliseconds until all are answered, and how often it was loaded for that. */
async function coldCalls(gateway: Gateway, name: string, calls: number): Promise<{ readonly ms: number; readonly loads: number }> {
  await control(gateway, 'POST', '/api/v1/deployments', { model: MODEL, name, minReplicas: 0, maxReplicas: REPLICAS_MAX, threads: 1 });
  const before = await startsOf(gateway, name);
  if (before !== 0) throw new Error(`${name} was loaded before it was called`);
  const began = performance.now();
  await Promise.all(Array.from({ length: calls }, () => callOnce(gateway, name)));
  const ms = performance.now() - began;
  const loads = await startsOf(gateway, name);
  await control(gateway, 'DELETE', `/api/v1/deployments/${name}`);
  await enginesGone(gateway);
  return { ms, loads };
}

interface Times {
  readonly ours: number[];
  readonly bare: number[];
  readonly again: number[];
  readonly loads: number[];
}

async function measure(gateway: Gateway, rounds: number): Promise<Times> {
  const spec = await gateway.ask<Omit<EngineSpec, 'listen'>>({ engineOf: MODEL } satisfies GatewayQuestion);
  const bare = () => forkLoadRun(spec, { path: PATH, body: JSON.stringify({ model: MODEL, input: TEXT }) }, GATEWAY_CPU);
  // The files are in the page cache from now on, and the gateway's code is compiled.
  await bare();
  await coldCalls(gateway, 'cold-warm', 1);
  const times: Times = { ours: [], bare: [], again: [], loads: [] };
  for (let round = 0; round < rounds; round++) {
    times.bare.push(await bare());
    times.ours.push((await coldCalls(gateway, `cold-${round}`, 1)).ms);
    times.again.push(await bare());
    times.loads.push((await coldCalls(gateway, `cold-many-${round}`, COLD_HITS)).loads);
  }
  return times;
}

function figuresOf({ ours, bare, again, loads }: Times): Figure[] {
  const aa = ratioOf(bare, again).median;
  const text = (ms: readonly number[]) => spreadOf(ms).median.toFixed(0);
  const { median, iqr } = spreadOf([...bare, ...again]);
  const spread = (iqr[1] - iqr[0]) / median;
  return [
    {
      what: 'the first answer / bare fork, load and run',
      ...fromSpread(ratioOf(ours, bare)),
      floor: 1.3,
      aim: 1.15,
      better: 'lower',
      doubts: [
        ...(aa >= AA_MIN && aa <= AA_MAX ? [] : [`the bare engine twice differs by ${aa.toFixed(3)}`]),
        ...(spread <= SPREAD_MAX ? [] : [`half of the bare engine's own times lie within ${(spread * 100).toFixed(0)} % of their median, not ${SPREAD_MAX * 100} %`]),
      ],
      details: { spread, firstAnswerMs: text(ours), bareMs: text(bare), bareAgainMs: text(again), aa },
    },
    {
      what: `loads for ${COLD_HITS} cold calls at once, of ${REPLICAS_MAX} replicas allowed`,
      figure: Math.max(...loads),
      floor: 1,
      aim: 1,
      better: 'lower',
      doubts: Math.min(...loads) > 0 ? [] : ['nothing was loaded'],
      details: { loads: loads.join(' ') },
    },
  ];
}

export const p14: Bar = {
  id: 'P14',
  title: `scale from zero, ${allMiniLm.name}`,
  async run(context: BenchContext) {
    const order = { blobs: join(cacheFolder(), 'blobs'), models: [{ name: MODEL, starter: allMiniLm.name, isDeployed: false as const }] };
    await using gateway = await startGateway(order, context);
    return figuresOf(await measure(gateway, context.rounds));
  },
};
