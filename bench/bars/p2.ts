import { type Bar, fromSpread } from '../lib/bar.ts';
import { AGAIN, proxyRounds } from '../lib/proxy-rounds.ts';
import { absolute, byThread, compare, doubtsOf, type Metric } from '../lib/rounds.ts';

const cpu: Metric = (sample) => sample.cpuUsPerCall;

export const p2: Bar = {
  id: 'P2',
  title: 'gateway / bare undici-dispatch proxy',
  async run(context) {
    const measured = await proxyRounds(context);
    const { doubts, aa } = doubtsOf(measured, AGAIN, cpu);
    const of = (arm: string) => `${absolute(measured, arm, cpu)} (${byThread(measured, arm)})`;
    const details = { gateway: of('gateway'), 'undici-proxy': of('undici-proxy'), aa };
    return [{ what: 'CPU µs per call', ...fromSpread(compare(measured, ['gateway', 'undici-proxy'], cpu)), floor: 1.4, aim: 1.2, better: 'lower', doubts, details }];
  },
};
