import { type Bar, fromSpread } from '../lib/bar.ts';
import { AGAIN, chatArms } from '../lib/proxy-rounds.ts';
import { chatLoad, startRig } from '../lib/rig.ts';
import { absolute, doubtsOf, measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { ratioOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const p50: Metric = (sample) => sample.p50Ms;

export const p4: Bar = {
  id: 'P4',
  title: 'added p50 at concurrency 1, gateway / Portkey',
  async run(context) {
    await using rig = await startRig(['portkey'], context);
    const { generator, upstreamPort } = rig;
    // The generator's own process stands in for "no gateway": its CPU time is not used.
    const direct = { name: 'direct', pid: generator.pid, load: chatLoad(upstreamPort, { concurrency: 1 }) };
    const arms = [direct, ...chatArms(rig, 1)];
    const measured = await checkUsageRows(await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds }), rig.gateways);
    const bare = valuesOf(measured, 'direct', p50);
    const added = (arm: string) => valuesOf(measured, arm, p50).map((value, round) => value - (bare[round] ?? Number.NaN));
    const { doubts, aa } = doubtsOf(measured, AGAIN, p50);
    const details = { directMs: absolute(measured, 'direct', p50), gatewayMs: absolute(measured, 'gateway', p50), portkeyMs: absolute(measured, 'portkey', p50), aa };
    return [{ what: 'added p50', ...fromSpread(ratioOf(added('gateway'), added('portkey'))), floor: 0.4, aim: 0.25, better: 'lower', doubts, details }];
  },
};
