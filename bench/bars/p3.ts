import { type Bar, fromSpread } from '../lib/bar.ts';
import { AGAIN, proxyRounds } from '../lib/proxy-rounds.ts';
import { absolute, compare, doubtsOf, type Metric } from '../lib/rounds.ts';
import { PORTKEY_VERSION } from '../peers/portkey.ts';

const MIB = 1_048_576;
const perSecond: Metric = (sample) => sample.perSecond;
const cpu: Metric = (sample) => sample.cpuUsPerCall;

export const p3: Bar = {
  id: 'P3',
  title: `gateway / Portkey gateway ${PORTKEY_VERSION}`,
  async run(context) {
    const measured = await proxyRounds(context);
    const pair = ['gateway', 'portkey'] as const;
    const { doubts, aa } = doubtsOf(measured, AGAIN, perSecond);
    const resident = (arm: string) => (measured.residentBytes[arm] ?? Number.NaN) / MIB;
    const cpuRatio = compare(measured, pair, cpu).median;
    return [
      {
        what: 'calls per second',
        ...fromSpread(compare(measured, pair, perSecond)),
        floor: 8,
        aim: 15,
        better: 'higher',
        doubts,
        details: {
          gateway: absolute(measured, 'gateway', perSecond),
          portkey: absolute(measured, 'portkey', perSecond),
          portkeyCpuUs: absolute(measured, 'portkey', cpu),
          cpuRatio,
          cpu1Busy: measured.cpu1Busy,
          aa,
        },
      },
      {
        what: 'resident memory after the run',
        figure: resident('gateway') / resident('portkey'),
        floor: 0.75,
        aim: 0.6,
        better: 'lower',
        doubts: measured.doubts,
        details: { gatewayMiB: resident('gateway'), gatewayAgainMiB: resident('gateway-again'), portkeyMiB: resident('portkey') },
      },
    ];
  },
};
