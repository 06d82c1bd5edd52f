import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import type { GatewayReady, ModelOrder } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Measured, type Metric } from '../lib/rounds.ts';
import { buildMlp, MLP_CLASSES, MLP_INPUTS } from '../lib/mlp.ts';
import { binaryLoad } from '../lib/tensors.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const CLIENTS = 32;
const BATCH = 32;
const ON = 'bench-batching';
const OFF = 'bench-alone';
const perSecond: Metric = (sample) => sample.perSecond;
const p50: Metric = (sample) => sample.p50Ms;
/** Of the gateway and both engines. */
const cpuUs: Metric = (sample) => sample.cpuUsPerCall;

/**
 * A model that computes for long gains nothing: magika, 28 ms a row, alone or among others, measured 1.03. What a batch saves is what a call
 * costs beside its computing, so the model is one where that counts.
 */
async function models(folder: string): Promise<ModelOrder[]> {
  const order = async (name: string, maxBatchSize: number) => {
    const file = join(folder, `${name}.onnx`);
    await writeFile(file, buildMlp());
    return { name, file, maxBatchSize };
  };
  return [await order(ON, BATCH), await order(OFF, 1)];
}

async function run(clients: number, context: BenchContext): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-p10-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const gateway = stack.use(await startGateway({ models: await models(folder) }, context));
  const generator = stack.use(await startGenerator());
  const arms: Arm[] = [armOf('on', ON, gateway, clients), armOf('off', OFF, gateway, clients), armOf('on-again', ON, gateway, clients)];
  const measured = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 5_000 });
  return await checkUsageRows(measured, { gateway }, { gateway: arms.map(({ name }) => name) });
}

function armOf(name: string, deployment: string, { pid, ready: { port, key } }: BenchProcess<GatewayReady>, concurrency: number): Arm {
  const data = Buffer.from(Float32Array.from({ length: MLP_INPUTS }, (_, index) => Math.sin(index)).buffer);
  const input = { name: 'x', datatype: 'FP32', shape: [1, MLP_INPUTS], data } as const;
  return { name, pid, load: binaryLoad({ port, key, model: deployment, concurrency }, input, { bytesMin: MLP_CLASSES * 4, contains: ['"y"'] }) };
}

export const p10: Bar = {
  id: 'P10',
  title: 'ONNX, an MLP in real shape with random weights, batching on / off',
  async run(context) {
    const many = await run(CLIENTS, context);
    const one = await run(1, context);
    const rate = doubtsOf(many, ['on', 'on-again'], perSecond);
    const latency = doubtsOf(one, ['on', 'on-again'], p50);
    const figures: Figure[] = [
      {
        what: `calls per second of ${CLIENTS} clients`,
        ...fromSpread(compare(many, ['on', 'off'], perSecond)),
        floor: 1.35,
        aim: 1.5,
        better: 'higher',
        doubts: rate.doubts,
        details: {
          on: absolute(many, 'on', perSecond),
          off: absolute(many, 'off', perSecond),
          onCpuUs: absolute(many, 'on', cpuUs),
          offCpuUs: absolute(many, 'off', cpuUs),
          batch: BATCH,
          aa: rate.aa,
        },
      },
      {
        what: 'p50 of one client',
        ...fromSpread(compare(one, ['on', 'off'], p50)),
        floor: 1.05,
        aim: 1.02,
        better: 'lower',
        doubts: latency.doubts,
        details: { onMs: absolute(one, 'on', p50), offMs: absolute(one, 'off', p50), aa: latency.aa },
      },
    ];
    return figures;
  },
};
