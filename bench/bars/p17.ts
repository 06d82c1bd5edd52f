import { join } from 'node:path';
import { echoManifest } from '../../tests/harness.ts';
import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import type { GatewayOrder, GatewayReady } from '../lib/gateway-order.ts';
import { ensureGrown, type Growth } from '../lib/grown.ts';
import { type BenchProcess, startNode } from '../lib/process.ts';
import { chatLoad, LOAD_CPU, startGateway, startGenerator, UPSTREAM_SLOTS } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';
import { cacheFolder } from '../peers/cache.ts';

const GROWTH: Growth = { organisations: 1_000, keys: 100_000, models: 10_000, usageRows: 1_000_000 };
const CONCURRENCY = 32;
const MAXIMUM_ROUNDS = 3;
/** Of what the empty one can do: well below what either can. */
const SHARE = 0.4;
/** Far beyond what is under way at that rate: none is refused. */
const IN_FLIGHT_MAX = 256;
const MIB = 1_048_576;
const perSecond: Metric = (sample) => sample.perSecond;
const p99: Metric = (sample) => sample.p99Ms;
const p50: Metric = (sample) => sample.p50Ms;
const cpuUs: Metric = (sample) => sample.cpuUsPerCall;

function armOf(name: string, { pid, ready: { port, key } }: BenchProcess<GatewayReady>): Arm {
  return { name, pid, load: chatLoad(port, { key, concurrency: CONCURRENCY }) };
}

async function run(context: BenchContext) {
  const database = join(cacheFolder(), `grown-${Object.values(GROWTH).join('-')}.db`);
  await ensureGrown(database, GROWTH);
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator());
  const { ready } = stack.use(await startNode<{ port: number }>('upstream.ts', {}, { cpus: LOAD_CPU }));
  const order: GatewayOrder = { upstream: { port: ready.port, slots: UPSTREAM_SLOTS }, models: [{ name: 'bench', manifest: echoManifest() }] };
  const empty = stack.use(await startGateway(order, { gatewayArguments: [] }));
  const grown = stack.use(await startGateway({ ...order, database }, context));
  const again = stack.use(await startGateway(order, { gatewayArguments: [] }));
  const gateways = { empty, grown, 'empty-again': again };
  const closed = Object.entries(gateways).map(([name, gateway]) => armOf(name, gateway));
  const maximum = await measure({ arms: closed, generator, rounds: Math.min(MAXIMUM_ROUNDS, context.rounds), seconds: context.seconds });
  const rate = SHARE * spreadOf(valuesOf(maximum, 'empty', perSecond)).median;
  const arms = closed.map((arm): Arm => ({ ...arm, load: { ...arm.load, open: { perSecond: rate, inFlightMax: IN_FLIGHT_MAX } } }));
  const open = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1 });
  const successes = Object.fromEntries(arms.map(({ name }) => [name, (maximum.successes[name] ?? 0) + (open.successes[name] ?? 0)]));
  const checked = await checkUsageRows({ ...open, successes, doubts: [...maximum.doubts, ...open.doubts] }, gateways);
  return { maximum, open: checked, rate, startMs: { empty: empty.ready.startMs, grown: grown.ready.startMs } };
}

export const p17: Bar = {
  id: 'P17',
  title: `growth: ${GROWTH.usageRows} usage rows, ${GROWTH.keys} keys, ${GROWTH.models} models / none, open loop at the same rate`,
  async run(context) {
    const { maximum, open, rate, startMs } = await run(context);
    const { doubts, aa } = doubtsOf(open, ['empty', 'empty-again'], p99);
    const unsent = Object.entries(open.samples).flatMap(([name, samples]) => (samples.some((sample) => sample.unsent > 0) ? [`${name}: calls that were due were not sent`] : []));
    const of = (arm: string, metric: Metric) => absolute(open, arm, metric);
    const memory = (arm: string) => Math.round((open.residentBytes[arm] ?? 0) / MIB);
    return [
      {
        what: 'p99 from when a call was due',
        ...fromSpread(compare(open, ['grown', 'empty'], p99)),
        floor: 1.2,
        aim: 1.05,
        better: 'lower',
        doubts: [...doubts, ...unsent],
        details: {
          perSecond: rate,
          grownMs: `${of('grown', p99)}, p50 ${of('grown', p50)}`,
          emptyMs: `${of('empty', p99)}, p50 ${of('empty', p50)}`,
          grownCpuUs: of('grown', cpuUs),
          emptyCpuUs: of('empty', cpuUs),
          maximumRatio: compare(maximum, ['grown', 'empty'], perSecond).median,
          grownStartMs: startMs.grown,
          emptyStartMs: startMs.empty,
          grownMiB: memory('grown'),
          emptyMiB: memory('empty'),
          aa,
        },
      },
    ];
  },
};
