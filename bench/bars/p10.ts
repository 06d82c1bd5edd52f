import { join } from 'node:path';
import { magika } from '../../src/control-plane/registry/starters/magika.ts';
import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import type { GatewayReady, ModelOrder } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Measured, type Metric } from '../lib/rounds.ts';
import { binaryLoad } from '../lib/tensors.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';
import { cacheFolder } from '../peers/cache.ts';

const CLIENTS = 32;
const BATCH = 16;
/** Magika's own input: the first and last 1024 bytes of a file. */
const WIDTH = 2_048;
const OUTPUT_BYTES = 214 * 4;
const ON = 'bench-batching';
const OFF = 'bench-alone';
const perSecond: Metric = (sample) => sample.perSecond;
const p50: Metric = (sample) => sample.p50Ms;

const model = (name: string, maxBatchSize: number): ModelOrder => ({ name, starter: magika.name, raw: true, maxBatchSize });

async function run(clients: number, context: BenchContext): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startGateway({ blobs: join(cacheFolder(), 'blobs'), models: [model(ON, BATCH), model(OFF, 1)] }, context));
  const generator = stack.use(await startGenerator());
  const arms: Arm[] = [armOf('on', ON, gateway, clients), armOf('off', OFF, gateway, clients), armOf('on-again', ON, gateway, clients)];
  const measured = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 100 });
  return await checkUsageRows(measured, { gateway }, { gateway: arms.map(({ name }) => name) });
}

function armOf(name: string, deployment: string, { pid, ready: { port, key } }: BenchProcess<GatewayReady>, concurrency: number): Arm {
  const data = Buffer.from(Int32Array.from({ length: WIDTH }, (_, index) => (index * 31) % 256).buffer);
  const input = { name: 'bytes', datatype: 'INT32', shape: [1, WIDTH], data } as const;
  return { name, pid, load: binaryLoad({ port, key, model: deployment, concurrency }, input, { bytesMin: OUTPUT_BYTES, contains: ['target_label'] }) };
}

export const p10: Bar = {
  id: 'P10',
  title: 'tensors of a real ONNX model, batching on / off',
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
        details: { on: absolute(many, 'on', perSecond), off: absolute(many, 'off', perSecond), batch: BATCH, aa: rate.aa },
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
