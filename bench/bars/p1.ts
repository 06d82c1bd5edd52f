import { type Bar, fromSpread } from '../lib/bar.ts';
import { AGAIN, proxyRounds } from '../lib/proxy-rounds.ts';
import { absolute, compare, doubtsOf, type Metric } from '../lib/rounds.ts';

const perSecond: Metric = (sample) => sample.perSecond;
const cpu: Metric = (sample) => sample.cpuUsPerCall;

export const p1: Bar = {
  id: 'P1',
  title: 'gateway / bare node:http reverse proxy',
  async run(context) {
    const measured = await proxyRounds(context);
    const pair = ['gateway', 'node-proxy'] as const;
    const details = (metric: Metric) => ({ gateway: absolute(measured, 'gateway', metric), 'node-proxy': absolute(measured, 'node-proxy', metric), cpu1Busy: measured.cpu1Busy });
    const byCpu = doubtsOf(measured, AGAIN, cpu);
    const byRate = doubtsOf(measured, AGAIN, perSecond);
    return [
      {
        what: 'CPU µs per call',
        ...fromSpread(compare(measured, pair, cpu)),
        floor: 0.85,
        aim: 0.65,
        better: 'lower',
        doubts: byCpu.doubts,
        details: { ...details(cpu), aa: byCpu.aa },
      },
      {
        what: 'calls per second',
        ...fromSpread(compare(measured, pair, perSecond)),
        floor: 1.2,
        aim: 1.5,
        better: 'higher',
        doubts: byRate.doubts,
        details: { ...details(perSecond), aa: byRate.aa },
      },
    ];
  },
};
