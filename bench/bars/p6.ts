import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { residentBytes } from '../lib/cpu.ts';
import { chatLoad, type HoldingRig, startHoldingRig } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric, openArm, valuesOf } from '../lib/rounds.ts';
import { spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/** An engine as a small model's: its maximum is 400 calls a second, far below the gateway's own. */
const SLOTS = 8;
const HOLD_MS = 20;
/** More than slots: there is always a next one. Fewer than the queue takes: none is refused. */
const CONCURRENCY = 64;
/** The maximum is found before the rounds: where it was found too low, less than that is offered. */
const OFFERED_SHARE_MIN = 0.95;
const MAXIMUM_ROUNDS = 3;
/** Slots and a full queue are 264. */
const IN_FLIGHT_MAX = 2_048;
/** `queue_full`. */
const REFUSED = 503;
const MIB = 1_048_576;
const perSecond: Metric = (sample) => sample.perSecond;
const refusalP99: Metric = (sample) => sample.refusalP99Ms;

interface Overload {
  readonly factor: number;
  /** One turn of this length instead of the run's own rounds. */
  readonly turnSeconds?: number;
}

async function run({ gateway, generator }: HoldingRig, { factor, turnSeconds, ...context }: BenchContext & Overload) {
  const { pid, ready } = gateway;
  const load = chatLoad(ready.port, { key: ready.key, concurrency: CONCURRENCY });
  const closed = (name: string): Arm => ({ name, pid, load });
  const calibration = await measure({ arms: [closed('maximum')], generator, rounds: Math.min(MAXIMUM_ROUNDS, context.rounds), seconds: context.seconds });
  const offered = factor * spreadOf(valuesOf(calibration, 'maximum', perSecond)).median;
  const overload = openArm(
    { name: 'overload', pid, load: { ...load, expect: { ...load.expect, refusal: REFUSED } } },
    { perSecond: offered, inFlightMax: IN_FLIGHT_MAX, connections: IN_FLIGHT_MAX },
  );
  const before = residentBytes(pid);
  const arms = [closed('maximum'), overload, closed('maximum-again')];
  const length = turnSeconds === undefined ? { rounds: context.rounds, seconds: context.seconds } : { rounds: 1, seconds: turnSeconds };
  const rounds = await measure({ arms, generator, ...length, warmCalls: 1 });
  const after = residentBytes(pid);
  const successes = { gateway: [calibration, rounds].flatMap((one) => Object.values(one.successes)).reduce((sum, count) => sum + count, 0) };
  const { doubts } = await checkUsageRows(
    { ...rounds, successes, refusals: calibration.refusals + rounds.refusals, doubts: [...calibration.doubts, ...rounds.doubts] },
    { gateway },
  );
  return { measured: { ...rounds, doubts }, offered, before, after, factor };
}

function figuresOf({ measured, offered, before, after, factor }: Awaited<ReturnType<typeof run>>): Figure[] {
  const { doubts, aa } = doubtsOf(measured, ['maximum', 'maximum-again'], perSecond);
  const overload = measured.samples['overload'] ?? [];
  const unsent = overload.reduce((sum, sample) => sum + sample.unsent, 0);
  const refusals = overload.reduce((sum, sample) => sum + sample.refusals, 0);
  const overloadedBy = offered / spreadOf(valuesOf(measured, 'maximum', perSecond)).median;
  const tooLittle = overloadedBy < OFFERED_SHARE_MIN * factor ? [`only ${overloadedBy.toFixed(2)} times the maximum was offered`] : [];
  const all = [...doubts, ...tooLittle, ...(unsent > 0 ? [`${unsent} calls that were due were not sent`] : []), ...(refusals === 0 ? ['nothing was refused'] : [])];
  return [
    {
      what: 'goodput / maximum',
      ...fromSpread(compare(measured, ['overload', 'maximum'], perSecond)),
      floor: 0.9,
      aim: 0.97,
      better: 'higher',
      doubts: all,
      details: {
        offered,
        overloadedBy,
        maximum: absolute(measured, 'maximum', perSecond),
        goodput: absolute(measured, 'overload', perSecond),
        servedP99Ms: absolute(measured, 'overload', (sample) => sample.p99Ms),
        refusals,
        aa,
      },
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

function overloadBar(id: string, overload: Overload): Bar {
  return {
    id,
    title: `${overload.factor}× the maximum offered${overload.turnSeconds === undefined ? '' : ` for ${overload.turnSeconds} s`}, ${SLOTS} slots of ${HOLD_MS} ms`,
    async run(context) {
      await using rig = await startHoldingRig({ slots: SLOTS, holdMs: HOLD_MS }, context);
      return figuresOf(await run(rig, { ...context, ...overload }));
    },
  };
}

export const p6 = overloadBar('P6', { factor: 2 });
/** The requirement of that name in requirements/serving.md, as far as it is of speed and memory. */
export const s2 = overloadBar('S2', { factor: 3, turnSeconds: 60 });
