import { join } from 'node:path';
import { magika } from '../../src/control-plane/registry/starters/magika.ts';
import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import { control, replicasReady } from '../lib/control.ts';
import type { GatewayReady } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { BOTH_CPUS, startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { binaryLoad } from '../lib/tensors.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';
import { cacheFolder } from '../peers/cache.ts';

/** Computes for milliseconds on 8 KB of input: what gateway and generator need of the two cores is little beside it. */
const MODEL = 'bench-magika';
const WINDOW_BYTES = 2_048;
const LABELS = 214;
const CLIENTS = 8;
const REPLICAS = { one: 1, two: 2 } as const;
const perSecond: Metric = (sample) => sample.perSecond;
/** Of the gateway and all its engines; the generator's are apart. */
const coresUsed: Metric = (sample) => (sample.cpuUsPerCall * sample.perSecond) / 1e6;
const generatorCores: Metric = (sample) => sample.generatorBusy;
/** What other work took of the cores that two replicas need. */
const othersCores: Metric = (sample) => sample.machineCores - coresUsed(sample) - generatorCores(sample);
const OTHERS_CORES_MAX = 0.15;

type Deployed = keyof typeof REPLICAS;

function armOf(name: string, deployment: Deployed, { pid, ready: { port, key } }: BenchProcess<GatewayReady>): Arm {
  const data = Buffer.from(Int32Array.from({ length: WINDOW_BYTES }, (_, index) => (index * 37) % 256).buffer);
  const input = { name: 'bytes', datatype: 'INT32', shape: [1, WINDOW_BYTES], data } as const;
  return { name, pid, load: binaryLoad({ port, key, model: deployment, concurrency: CLIENTS }, input, { bytesMin: LABELS * 4, contains: ['"target_label"'] }) };
}

async function run(context: BenchContext) {
  await using stack = new AsyncDisposableStack();
  const order = { blobs: join(cacheFolder(), 'blobs'), models: [{ name: MODEL, starter: magika.name, raw: true, isDeployed: false as const }] };
  const gateway = stack.use(await startGateway(order, context, BOTH_CPUS));
  const generator = stack.use(await startGenerator(BOTH_CPUS));
  for (const [name, replicas] of Object.entries(REPLICAS)) {
    await control(gateway, 'POST', '/api/v1/deployments', { model: MODEL, name, replicas, threads: 1 });
    await replicasReady(gateway, name, replicas);
  }
  const arms = [armOf('two', 'two', gateway), armOf('one', 'one', gateway), armOf('two-again', 'two', gateway)];
  const measured = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 100 });
  return await checkUsageRows(measured, { gateway }, { gateway: arms.map(({ name }) => name) });
}

export const p16: Bar = {
  id: 'P16',
  title: `two engine replicas / one, a thread each, ${magika.name} as a tensor model`,
  async run(context) {
    const measured = await run(context);
    const { doubts, aa } = doubtsOf(measured, ['two', 'two-again'], perSecond);
    const others = spreadOf(valuesOf(measured, 'two', othersCores)).median;
    return [
      {
        what: 'calls per second',
        ...fromSpread(compare(measured, ['two', 'one'], perSecond)),
        floor: 1.7,
        aim: 1.9,
        better: 'higher',
        doubts: others > OTHERS_CORES_MAX ? [...doubts, `other work took ${others.toFixed(2)} of the cores`] : doubts,
        details: {
          two: absolute(measured, 'two', perSecond),
          one: absolute(measured, 'one', perSecond),
          coresOfTwo: absolute(measured, 'two', coresUsed),
          coresOfOne: absolute(measured, 'one', coresUsed),
          generatorCores: absolute(measured, 'two', generatorCores),
          othersCores: others,
          cpuPerCall: compare(measured, ['two', 'one'], (sample) => sample.cpuUsPerCall).median,
          aa,
        },
      },
    ];
  },
};
