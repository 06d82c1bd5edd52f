import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import { control, replicasReady } from '../lib/control.ts';
import type { GatewayOrder, GatewayReady } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { buildDeepMlp, MLP_CLASSES, MLP_INPUTS } from '../lib/mlp.ts';
import { BOTH_CPUS, startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { binaryLoad } from '../lib/tensors.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/**
 * Tens of milliseconds of computing for 4 KB in and 40 bytes out: what gateway, generator and the engines' own threads need of the two cores is little
 * beside it. Magika (4 ms) reaches 1.53 and PP-OCR with its picture to decode 1.67: with one replica too they use 1.18 and 1.12 cores.
 */
const MODEL = 'bench-deep-mlp';
const HIDDEN = 1_024;
const PASSES = 800;
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
  const data = Buffer.from(Float32Array.from({ length: MLP_INPUTS }, (_, index) => Math.sin(index)).buffer);
  const input = { name: 'x', datatype: 'FP32', shape: [1, MLP_INPUTS], data } as const;
  return { name, pid, load: binaryLoad({ port, key, model: deployment, concurrency: CLIENTS }, input, { bytesMin: MLP_CLASSES * 4, contains: ['"y"'] }) };
}

async function run(context: BenchContext) {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-p16-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'deep.onnx');
  await writeFile(file, buildDeepMlp(HIDDEN, PASSES));
  const order = { models: [{ name: MODEL, file, maxBatchSize: 1, isDeployed: false }] } satisfies GatewayOrder;
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
  title: `two engine replicas / one, a thread each, an MLP of ${PASSES} layers with random weights`,
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
