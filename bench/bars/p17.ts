import { type Bar, fromSpread } from '../lib/bar.ts';
import { grownBy, growthRounds } from '../lib/growth-rounds.ts';
import { absolute, compare, doubtsOf, type Metric } from '../lib/rounds.ts';

const GROWTH = grownBy(1_000_000);
const MIB = 1_048_576;
const perSecond: Metric = (sample) => sample.perSecond;
const p99: Metric = (sample) => sample.p99Ms;
const p50: Metric = (sample) => sample.p50Ms;
const cpuUs: Metric = (sample) => sample.cpuUsPerCall;

export const p17: Bar = {
  id: 'P17',
  title: `growth: ${GROWTH.usageRows} usage rows, ${GROWTH.keys} keys, ${GROWTH.models} models / none, open loop at the same rate`,
  async run(context) {
    const { maximum, open, rate, startMs, unsent } = await growthRounds({ empty: undefined, grown: GROWTH, 'empty-again': undefined }, { ...context, profiled: 'grown' });
    const { doubts, aa } = doubtsOf(open, ['empty', 'empty-again'], p99);
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
