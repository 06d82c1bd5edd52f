import { echoManifest } from '../../tests/harness.ts';
import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import type { GatewayOrder, GatewayReady } from '../lib/gateway-order.ts';
import type { BenchProcess } from '../lib/process.ts';
import { chatLoad, startGateway, startGenerator, startUpstream, UPSTREAM_SLOTS } from '../lib/rig.ts';
import { absolute, type Arm, byThread, compare, doubtsOf, measure, type Measured, type Metric } from '../lib/rounds.ts';
import { bookDoubts, sell } from '../lib/selling.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const CONCURRENCY = 32;
const MODEL = 'bench';
/** Of the whole process, the thread that writes the database too. */
const cpuUs: Metric = (sample) => sample.cpuUsPerCall;
const perSecond: Metric = (sample) => sample.perSecond;

async function run(context: BenchContext): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator());
  const { ready } = stack.use(await startUpstream());
  const order: GatewayOrder = { upstream: { port: ready.port, slots: UPSTREAM_SLOTS }, models: [{ name: MODEL, manifest: echoManifest() }] };
  const start = async (more: Partial<GatewayOrder> = {}, isProfiled = false) =>
    stack.use(await startGateway({ ...order, ...more }, isProfiled ? context : { gatewayArguments: [] }));
  const off = await start({ metering: 'none' });
  const metered = await start();
  const sold = await start({}, true);
  const again = await start();
  const arms = [
    armOf('off', off, off.ready.key),
    armOf('metered', metered, metered.ready.key),
    armOf('sold', sold, await sell(sold, MODEL)),
    armOf('sold-again', again, await sell(again, MODEL)),
  ];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds });
  const checked = await checkUsageRows(rounds, { metered, sold, 'sold-again': again });
  const doubts = [...checked.doubts, ...(await bookDoubts('sold', sold)), ...(await bookDoubts('sold-again', again))];
  return { ...checked, doubts };
}

function armOf(name: string, { pid, ready: { port } }: BenchProcess<GatewayReady>, key: string): Arm {
  return { name, pid, load: chatLoad(port, { key, concurrency: CONCURRENCY }) };
}

export const p7: Bar = {
  id: 'P7',
  title: 'durable metering on / off',
  async run(context) {
    const measured = await run(context);
    const { doubts, aa } = doubtsOf(measured, ['sold', 'sold-again'], cpuUs);
    const of = (arm: string) => `${absolute(measured, arm, cpuUs)} µs (${byThread(measured, arm)}), ${absolute(measured, arm, perSecond)}/s`;
    const details = { off: of('off'), metered: of('metered'), sold: of('sold'), aa };
    const common = { floor: 1.15, aim: 1.08, better: 'lower', doubts, details } as const;
    return [
      { what: 'CPU µs per call, sold by the token and posted to the ledger / not metered', ...fromSpread(compare(measured, ['sold', 'off'], cpuUs)), ...common },
      { what: 'CPU µs per call, metered without a price / not metered', ...fromSpread(compare(measured, ['metered', 'off'], cpuUs)), ...common },
    ];
  },
};
