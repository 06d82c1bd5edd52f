import { join } from 'node:path';
import { echoManifest } from '../../tests/harness.ts';
import { cacheFolder } from '../peers/cache.ts';
import type { BenchContext } from './bar.ts';
import type { GatewayOrder, GatewayReady } from './gateway-order.ts';
import { ensureGrown, type Growth } from './grown.ts';
import type { BenchProcess } from './process.ts';
import { chatLoad, startGateway, startGenerator, startUpstream, UPSTREAM_SLOTS } from './rig.ts';
import { type Arm, measure, type Measured, type Metric, openArm, valuesOf } from './rounds.ts';
import { spreadOf } from './stats.ts';
import { checkUsageRows } from './usage-rows.ts';

const CONCURRENCY = 32;
const MAXIMUM_ROUNDS = 3;
/** Of what the empty one can do: well below what any can. */
const SHARE = 0.4;
const perSecond: Metric = (sample) => sample.perSecond;

/** So many usage rows of two months, by keys and models that grow with them. */
export function grownBy(usageRows: number): Growth {
  return { organisations: usageRows / 1_000, keys: usageRows / 10, models: usageRows / 100, usageRows };
}

export interface GrowthRounds {
  readonly maximum: Measured;
  /** All of them at the same rate. */
  readonly open: Measured;
  readonly rate: number;
  readonly startMs: Readonly<Record<string, number>>;
  /** What the generator makes doubtful. */
  readonly unsent: readonly string[];
}

/** Gateways on databases of different sizes, the first of them empty, with the same open load. `profiled`: the one whose profile is written. */
export async function growthRounds(
  sizes: Readonly<Record<string, Growth | undefined>>,
  { profiled, ...context }: BenchContext & { readonly profiled?: string },
): Promise<GrowthRounds> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator());
  const { ready } = stack.use(await startUpstream());
  const order: GatewayOrder = { upstream: { port: ready.port, slots: UPSTREAM_SLOTS }, models: [{ name: 'bench', manifest: echoManifest() }] };
  const gateways: Record<string, BenchProcess<GatewayReady>> = {};
  for (const [name, growth] of Object.entries(sizes)) {
    const database = growth && join(cacheFolder(), `grown-${Object.values(growth).join('-')}.db`);
    if (growth && database !== undefined) await ensureGrown(database, growth);
    const started = await startGateway({ ...order, ...(database !== undefined && { database }) }, name === profiled ? context : { gatewayArguments: [] });
    gateways[name] = stack.use(started);
  }
  const closed = Object.entries(gateways).map(([name, gateway]) => armOf(name, gateway));
  const maximum = await measure({ arms: closed, generator, rounds: Math.min(MAXIMUM_ROUNDS, context.rounds), seconds: context.seconds });
  const rate = SHARE * spreadOf(valuesOf(maximum, Object.keys(sizes)[0] ?? '', perSecond)).median;
  const arms = closed.map((arm) => openArm(arm, { perSecond: rate }));
  const open = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1 });
  const successes = Object.fromEntries(arms.map(({ name }) => [name, (maximum.successes[name] ?? 0) + (open.successes[name] ?? 0)]));
  const checked = await checkUsageRows({ ...open, successes, doubts: [...maximum.doubts, ...open.doubts] }, gateways);
  return {
    maximum,
    open: checked,
    rate,
    startMs: Object.fromEntries(Object.entries(gateways).map(([name, gateway]) => [name, gateway.ready.startMs])),
    unsent: Object.entries(open.samples).flatMap(([name, samples]) => (samples.some((sample) => sample.unsent > 0) ? [`${name}: calls that were due were not sent`] : [])),
  };
}

function armOf(name: string, { pid, ready: { port, key } }: BenchProcess<GatewayReady>): Arm {
  return { name, pid, load: chatLoad(port, { key, concurrency: CONCURRENCY }) };
}
