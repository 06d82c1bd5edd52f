import type { BenchContext } from '../lib/bar.ts';
import type { Charting, Line } from '../lib/chart.ts';
import { chatArms } from '../lib/proxy-rounds.ts';
import { startRig } from '../lib/rig.ts';
import { measure, type Metric, openArm, valuesOf } from '../lib/rounds.ts';
import { quantile, spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/** Of an arm's own maximum. Beyond the last one the generator and the mock, which share a CPU, are what is measured. */
const SHARES = [0.1, 0.25, 0.4, 0.55, 0.7] as const;
const CONCURRENCY = 32;
const ROUNDS_MAX = 3;
const AGAIN = 'gateway-again';
const perSecond: Metric = (sample) => sample.perSecond;
const LATENCIES: Readonly<Record<string, Metric>> = { p50: (sample) => sample.p50Ms, p99: (sample) => sample.p99Ms };

async function linesOf(context: BenchContext): Promise<{ readonly lines: Line[]; readonly doubts: string[] }> {
  await using rig = await startRig(['node-proxy', 'portkey'], context);
  const { generator } = rig;
  const rounds = Math.min(ROUNDS_MAX, context.rounds);
  const closed = chatArms(rig, CONCURRENCY).filter(({ name }) => name !== AGAIN);
  const maximum = await measure({ arms: closed, generator, rounds, seconds: context.seconds });
  const successes = { ...maximum.successes };
  const doubts = new Set(maximum.doubts);
  const points = new Map<string, [number, number][]>();
  for (const share of SHARES) {
    const rateOf = (name: string) => share * spreadOf(valuesOf(maximum, name, perSecond)).median;
    const arms = closed.map((arm) => openArm(arm, { perSecond: rateOf(arm.name) }));
    const open = await measure({ arms, generator, rounds, seconds: context.seconds, warmCalls: 1 });
    for (const doubt of open.doubts) doubts.add(doubt);
    for (const { name } of arms) {
      successes[name] = (successes[name] ?? 0) + (open.successes[name] ?? 0);
      for (const [what, metric] of Object.entries(LATENCIES)) {
        const line = `${name}, ${what}`;
        points.set(line, [...(points.get(line) ?? []), [Math.round(rateOf(name)), quantile(valuesOf(open, name, metric), 0.5)]]);
      }
    }
  }
  const checked = await checkUsageRows({ ...maximum, successes, doubts: [...doubts] }, { gateway: rig.gateways.gateway });
  return { lines: [...points].map(([name, all]) => ({ name, points: all })), doubts: [...checked.doubts] };
}

/** Latency from when a call was due, at shares of what each can do. */
export const latency: Charting = {
  name: 'latency',
  async run(context) {
    return {
      title: `Latency under load: ${SHARES.map((share) => `${Math.round(share * 100)} %`).join(', ')} of the own maximum`,
      x: { label: 'calls per second offered', isLogarithmic: true },
      y: { label: 'ms from when a call was due', isLogarithmic: true },
      ...(await linesOf(context)),
    };
  },
};
