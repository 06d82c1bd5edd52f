import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import { AGAIN, chatArms } from '../lib/proxy-rounds.ts';
import { startRig } from '../lib/rig.ts';
import { absolute, compare, doubtsOf, measure, type Measured, type Metric, openArm, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/** Enough to find the maximum. */
const CONCURRENCY = 32;
const MAXIMUM_ROUNDS = 3;
const SHARE = 0.5;
/** A generator that sends late makes both sides look alike. */
const LATE_SHARE_MAX = 0.5;
const perSecond: Metric = (sample) => sample.perSecond;
const p99: Metric = (sample) => sample.p99Ms;
const late: Metric = (sample) => sample.lateP99Ms;

async function run(context: BenchContext) {
  await using rig = await startRig(['node-proxy'], context);
  const { generator, gateways } = rig;
  const closed = chatArms(rig, CONCURRENCY);
  const maximum = await measure({ arms: closed, generator, rounds: Math.min(MAXIMUM_ROUNDS, context.rounds), seconds: context.seconds });
  // The same arm twice under the same load: half of the first one's maximum.
  const halfOf = (name: string) => SHARE * spreadOf(valuesOf(maximum, name === 'gateway-again' ? 'gateway' : name, perSecond)).median;
  const arms = closed.map((arm) => openArm(arm, { perSecond: halfOf(arm.name) }));
  const open = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1 });
  const successes = Object.fromEntries(arms.map(({ name }) => [name, (maximum.successes[name] ?? 0) + (open.successes[name] ?? 0)]));
  const checked = await checkUsageRows({ ...open, successes, doubts: [...maximum.doubts, ...open.doubts] }, gateways);
  return { maximum, open: checked };
}

/** What the generator itself makes doubtful. */
function generatorDoubts(open: Measured): string[] {
  return Object.keys(open.samples).flatMap((arm) => {
    const unsent = (open.samples[arm] ?? []).reduce((sum, sample) => sum + sample.unsent, 0);
    const share = spreadOf(valuesOf(open, arm, late)).median / spreadOf(valuesOf(open, arm, p99)).median;
    return [
      ...(unsent > 0 ? [`${arm}: ${unsent} calls that were due were not sent`] : []),
      ...(share > LATE_SHARE_MAX ? [`${arm}: calls were sent late by ${(share * 100).toFixed(0)} % of the 99th percentile`] : []),
    ];
  });
}

export const p5: Bar = {
  id: 'P5',
  title: 'open loop at half of the own maximum, gateway / bare node:http reverse proxy',
  async run(context) {
    const { maximum, open } = await run(context);
    const { doubts, aa } = doubtsOf(open, AGAIN, p99);
    const of = (arm: string) =>
      `${absolute(open, arm, p99)} ms at ${(SHARE * spreadOf(valuesOf(maximum, arm, perSecond)).median).toFixed(0)}/s, sent late by ${absolute(open, arm, late)} ms`;
    return [
      {
        what: 'p99 from when a call was due',
        ...fromSpread(compare(open, ['gateway', 'node-proxy'], p99)),
        floor: 1.5,
        aim: 1.2,
        better: 'lower',
        doubts: [...doubts, ...generatorDoubts(open)],
        details: {
          gateway: of('gateway'),
          'node-proxy': of('node-proxy'),
          p50Ratio: compare(open, ['gateway', 'node-proxy'], (sample) => sample.p50Ms).median,
          cpu1BusyAtMaximum: maximum.cpu1Busy,
          cpu1Busy: open.cpu1Busy,
          aa,
        },
      },
    ];
  },
};
