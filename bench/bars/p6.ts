import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { residentBytes } from '../lib/cpu.ts';
import { chatLoad, type HoldingRig, startHoldingRig } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/** An engine as a small model's: its maximum is 400 calls a second, far below the gateway's own. */
const SLOTS = 8;
const HOLD_MS = 20;
/** More than slots: there is always a next one. Fewer than the queue takes: none is refused. */
const CONCURRENCY = 64;
const OVERLOAD = 2;
/** The maximum is found before the rounds: where it was found too low, less than that is offered. */
const OVERLOAD_MIN = 1.9;
const MAXIMUM_ROUNDS = 3;
/** Slots and a full queue are 264. */
const IN_FLIGHT_MAX = 2_048;
/** `queue_full`. */
const REFUSED = 503;
const MIB = 1_048_576;
const perSecond: Metric = (sample) => sample.perSecond;
const refusalP99: Metric = (sample) => sample.refusalP99Ms;

async function run({ gateway, generator }: HoldingRig, context: BenchContext) {
  const { pid, ready } = gateway;
  const load = chatLoad(ready.port, { key: ready.key, concurrency: CONCURRENCY });
  const closed = (name: string): Arm => ({ name, pid, load });
  const calibration = await measure({ arms: [closed('maximum')], generator, rounds: Math.min(MAXIMUM_ROUNDS, context.rounds), seconds: context.seconds });
  const offered = OVERLOAD * spreadOf(valuesOf(calibration, 'maximum', perSecond)).median;
  const overload: Arm = { name: 'overload', pid, load: { ...load, open: { perSecond: offered, inFlightMax: IN_FLIGHT_MAX }, expect: { ...load.expect, refusal: REFUSED } } };
  const before = residentBytes(pid);
  const arms = [closed('maximum'), overload, closed('maximum-again')];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1 });
  const after = residentBytes(pid);
  const successes = { gateway: [calibration, rounds].flatMap((one) => Object.values(one.successes)).reduce((sum, count) => sum + count, 0) };
  const { doubts } = await checkUsageRows(
    { ...rounds, successes, refusals: calibration.refusals + rounds.refusals, doubts: [...calibration.doubts, ...rounds.doubts] },
    { gateway },
  );
  return { measured: { ...rounds, doubts }, offered, before, after };
}

function figuresOf({ measured, offered, before, after }: Awaited<ReturnType<typeof run>>): Figure[] {
  const { doubts, aa } = doubtsOf(measured, ['maximum', 'maximum-again'], perSecond);
  const overload = measured.samples['overload'] ?? [];
  const unsent = overload.reduce((sum, sample) => sum + sample.unsent, 0);
  const refusals = overload.reduce((sum, sample) => sum + sample.refusals, 0);
  const overloadedBy = offered / spreadOf(valuesOf(measured, 'maximum', perSecond)).median;
  const tooLittle = overloadedBy < OVERLOAD_MIN ? [`only ${overloadedBy.toFixed(2)} times the maximum was offered`] : [];
  const all = [...doubts, ...tooLittle, ...(unsent > 0 ? [`${unsent} calls that were due were not sent`] : []), ...(refusals === 0 ? ['nothing was refused'] : [])];
  return [
    {
      what: 'goodput / maximum',
      ...fromSpread(compare(measured, ['overload', 'maximum'], perSecond)),
      floor: 0.9,
      aim: 0.97,
      better: 'higher',
      doubts: all,
      details: { offered, overloadedBy, maximum: absolute(measured, 'maximum', perSecond), goodput: absolute(measured, 'overload', perSecond), refusals, aa },
    },
    {
      what: 'p99 of a refusal from when the call was due, ms',
      ...fromSpread(spreadOf(valuesOf(measured, 'overload', refusalP99))),
      floor: 50,
      aim: 50,
      better: 'lower',
      doubts: all,
      details: { refusals, sentLateMs: absolute(measured, 'overload', (sample) => sample.lateP99Ms) },
    },
    {
      what: 'resident memory after / before',
      figure: after / before,
      floor: 1.5,
      aim: 1.5,
      better: 'lower',
      doubts: all,
      details: { beforeMiB: before / MIB, afterMiB: after / MIB },
    },
  ];
}

export const p6: Bar = {
  id: 'P6',
  title: `${OVERLOAD}× the maximum offered, ${SLOTS} slots of ${HOLD_MS} ms`,
  async run(context) {
    await using rig = await startHoldingRig({ slots: SLOTS, holdMs: HOLD_MS }, context);
    return figuresOf(await run(rig, context));
  },
};
