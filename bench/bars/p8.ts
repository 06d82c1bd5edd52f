import { type Bar, type BenchContext, fromSpread } from '../lib/bar.ts';
import { EVENTS_BESIDE_CONTENT } from '../lib/mock-answers.ts';
import { AGAIN } from '../lib/proxy-rounds.ts';
import { type Rig, startRig, streamLoad } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric } from '../lib/rounds.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const STREAMS = 128;
/** 20 ms each. */
const FRAMES = 100;
const perEvent: Metric = (sample) => sample.cpuUsPerEvent;

function streamArms({ gateways, peers }: Rig): Arm[] {
  const events = FRAMES + EVENTS_BESIDE_CONTENT;
  const ours = Object.entries(gateways).map(([name, { pid, ready }]) => ({
    name,
    pid,
    load: streamLoad(ready.port, FRAMES, { key: ready.key, concurrency: STREAMS, expect: { events, contains: ['data: [DONE]'], absent: ['modelyard-usage'] } }),
  }));
  const theirs = [...peers].map(([name, { pid, ready }]) => ({
    name,
    pid,
    load: streamLoad(ready.port, FRAMES, { concurrency: STREAMS, expect: { events, contains: ['data: [DONE]', 'modelyard-usage'] } }),
  }));
  return [...ours.slice(0, 1), ...theirs, ...ours.slice(1)];
}

async function run(context: BenchContext) {
  await using rig = await startRig(['undici-proxy'], context);
  const { generator, gateways } = rig;
  return await checkUsageRows(await measure({ arms: streamArms(rig), generator, rounds: context.rounds, seconds: context.seconds }), gateways);
}

export const p8: Bar = {
  id: 'P8',
  title: `${STREAMS} SSE streams, a frame each 20 ms: metered / raw pass-through`,
  async run(context) {
    const measured = await run(context);
    const { doubts, aa } = doubtsOf(measured, AGAIN, perEvent);
    const lost = AGAIN.flatMap((arm) => measured.samples[arm] ?? []).reduce((sum, { eventsLost }) => sum + eventsLost, 0);
    const received = AGAIN.flatMap((arm) => measured.samples[arm] ?? []).reduce((sum, { events }) => sum + events, 0);
    const details = { gateway: absolute(measured, 'gateway', perEvent), 'undici-proxy': absolute(measured, 'undici-proxy', perEvent), aa };
    return [
      { what: 'CPU µs per frame', ...fromSpread(compare(measured, ['gateway', 'undici-proxy'], perEvent)), floor: 1.3, aim: 1.15, better: 'lower', doubts, details },
      { what: 'frames lost', figure: lost, floor: 0, aim: 0, better: 'lower', doubts: received > 0 ? [] : ['no frame came'], details: { received } },
    ];
  },
};
