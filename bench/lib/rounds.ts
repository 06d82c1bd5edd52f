import { availableParallelism } from 'node:os';
import { cpuTimes, onCpuUs, residentBytes } from './cpu.ts';
import type { LoadOrder, LoadResult, OpenLoop } from './load-order.ts';
import type { BenchProcess } from './process.ts';
import { ratioOf, type Spread, spreadOf } from './stats.ts';

const WARM_SECONDS = 2;
/** Warm is who has answered so many calls (or so many events), not who has been busy for 2 s: on a slow machine the compiler is not done by then. */
const WARM_CALLS_DEFAULT = 15_000;
const WARM_SECONDS_MAX = 16;
const STEAL_MAX = 0.02;
const GENERATOR_MAX = 0.8;
export const AA_MIN = 0.9;
export const AA_MAX = 1.1;

/** What is measured: a process, and the load that it gets in its turn. */
export interface Arm {
  readonly name: string;
  /** Whose CPU time is counted, children included. */
  readonly pid: number;
  /** Processes beside it that do its work. */
  readonly alsoPids?: readonly number[];
  readonly load: Omit<LoadOrder, 'seconds'>;
}

/** A second or more of what any bar offers: a call is left out only by a server that hangs. */
const IN_FLIGHT_MAX = 16_000;
/** Far beyond what is under way at half of a maximum. */
const CONNECTIONS = 256;

/** The arm under an open load of its own rate, over as many connections as a load balancer would hold. */
export function openArm(arm: Arm, open: Pick<OpenLoop, 'perSecond'> & Partial<OpenLoop>): Arm {
  return { ...arm, load: { ...arm.load, open: { inFlightMax: IN_FLIGHT_MAX, connections: CONNECTIONS, ...open } } };
}

/** One arm's turn in one round. */
export interface Sample extends LoadResult {
  readonly perSecond: number;
  readonly cpuUsPerCall: number;
  /** The same by the names of the threads. */
  readonly threadUsPerCall: ReadonlyMap<string, number>;
  readonly cpuUsPerEvent: number;
  readonly tokensPerSecond: number;
  readonly generatorBusy: number;
  /** Cores of the machine that were busy, with whatever. */
  readonly machineCores: number;
}

export interface Measured {
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  /** Successes of each arm, the warm-up's included. */
  readonly successes: Readonly<Record<string, number>>;
  /** Calls of all arms that were turned away as expected, the warm-up's included. */
  readonly refusals: number;
  readonly residentBytes: Readonly<Record<string, number>>;
  /** Why nothing of this run proves anything. */
  readonly doubts: readonly string[];
  /** Share of CPU 1 that was busy, where upstream and generator are. */
  readonly cpu1Busy: number;
}

export interface RoundsOptions {
  readonly arms: readonly Arm[];
  readonly generator: BenchProcess<unknown>;
  readonly rounds: number;
  readonly seconds: number;
  /** Engines compute: a few calls warm them. */
  readonly warmCalls?: number;
}

/** Warms all arms up, then gives each its turn, round after round, so that what disturbs the machine disturbs all alike. */
export async function measure({ arms, generator, rounds, seconds, warmCalls = WARM_CALLS_DEFAULT }: RoundsOptions): Promise<Measured> {
  const samples: Record<string, Sample[]> = {};
  const successes: Record<string, number> = {};
  let refusals = 0;
  const doubts = new Set<string>();
  const turn = async (arm: Arm, turnSeconds: number): Promise<Sample> => {
    const sample = await takeTurn(arm, generator, turnSeconds);
    successes[arm.name] = (successes[arm.name] ?? 0) + sample.successes;
    refusals += sample.refusals;
    if (sample.failures > 0) doubts.add(`${arm.name}: ${sample.failures} wrong answers in a turn (${sample.firstFailure})`);
    if (sample.successes === 0) doubts.add(`${arm.name}: no answer in a turn`);
    return sample;
  };
  for (const arm of arms) {
    let calls = 0;
    for (let spent = 0; spent === 0 || (calls < warmCalls && spent < WARM_SECONDS_MAX); spent += WARM_SECONDS) {
      const { successes: good, events } = await turn(arm, WARM_SECONDS);
      calls += Math.max(good, events);
    }
  }
  const before = { all: cpuTimes('all'), one: cpuTimes(1) };
  for (let round = 0; round < rounds; round++) for (const arm of arms) (samples[arm.name] ??= []).push(await turn(arm, seconds));
  const after = { all: cpuTimes('all'), one: cpuTimes(1) };
  const steal = (after.all.steal - before.all.steal) / (after.all.total - before.all.total);
  if (steal > STEAL_MAX) doubts.add(`${(steal * 100).toFixed(1)} % of the CPU time was stolen`);
  for (const [name, list] of Object.entries(samples)) {
    const busy = spreadOf(list.map(({ generatorBusy }) => generatorBusy)).median;
    if (busy > GENERATOR_MAX) doubts.add(`the generator was ${(busy * 100).toFixed(0)} % busy on ${name}`);
  }
  const cpu1Busy = 1 - (after.one.idle - before.one.idle) / (after.one.total - before.one.total);
  return { samples, successes, refusals, residentBytes: Object.fromEntries(arms.map(({ name, pid }) => [name, residentBytes(pid)])), doubts: [...doubts], cpu1Busy };
}

async function takeTurn({ pid, alsoPids = [], load }: Arm, generator: BenchProcess<unknown>, seconds: number): Promise<Sample> {
  const spent = () => [pid, ...alsoPids].map(onCpuUs);
  const before = spent();
  const machineBefore = cpuTimes('all');
  const result = await generator.ask<LoadResult>({ ...load, seconds } satisfies LoadOrder);
  const threadUs = differenceOf(spent(), before);
  const cpuUs = [...threadUs.values()].reduce((sum, us) => sum + us, 0);
  const machine = cpuTimes('all');
  const idle = (machine.idle - machineBefore.idle) / (machine.total - machineBefore.total);
  return {
    ...result,
    perSecond: result.successes / result.seconds,
    cpuUsPerCall: cpuUs / result.successes,
    threadUsPerCall: new Map([...threadUs].map(([name, us]) => [name, us / result.successes])),
    cpuUsPerEvent: cpuUs / result.events,
    tokensPerSecond: result.tokens / result.seconds,
    generatorBusy: result.cpuUs / 1e6 / result.seconds,
    machineCores: (1 - idle) * availableParallelism(),
  };
}

/** What the threads of some processes have spent in between, by their names. */
function differenceOf(after: readonly Map<string, number>[], before: readonly Map<string, number>[]): Map<string, number> {
  const spent = new Map<string, number>();
  const add = (threads: Map<string, number>, sign: number) => {
    for (const [name, us] of threads) spent.set(name, (spent.get(name) ?? 0) + sign * us);
  };
  for (const threads of after) add(threads, 1);
  for (const threads of before) add(threads, -1);
  return spent;
}

export type Metric = (sample: Sample) => number;

export function valuesOf(measured: Measured, arm: string, metric: Metric): number[] {
  return (measured.samples[arm] ?? []).map(metric);
}

/** Round by round: one arm's figure over another's. */
export function compare(measured: Measured, [above, below]: readonly [string, string], metric: Metric): Spread {
  return ratioOf(valuesOf(measured, above, metric), valuesOf(measured, below, metric));
}

/** The doubts of a run, and the A/A arm's for this metric. */
export function doubtsOf(measured: Measured, [first, again]: readonly [string, string], metric: Metric): { readonly doubts: readonly string[]; readonly aa: number } {
  const aa = compare(measured, [first, again], metric).median;
  const isOff = !(aa >= AA_MIN && aa <= AA_MAX);
  return { aa, doubts: isOff ? [...measured.doubts, `the same arm twice differs by ${aa.toFixed(3)}`] : measured.doubts };
}

/** An arm's own median and quartiles, for the details. */
export function absolute(measured: Measured, arm: string, metric: Metric): string {
  const { median, iqr } = spreadOf(valuesOf(measured, arm, metric));
  return `${median.toPrecision(4)} (${iqr.map((value) => value.toPrecision(4)).join('–')})`;
}

const THREAD_US_SHOWN = 0.1;

/** An arm's CPU by thread, medians of µs per call, for the details. */
export function byThread(measured: Measured, arm: string): string {
  const names = new Set((measured.samples[arm] ?? []).flatMap((sample) => [...sample.threadUsPerCall.keys()]));
  return [...names]
    .map((name) => ({ name, us: spreadOf(valuesOf(measured, arm, (sample) => sample.threadUsPerCall.get(name) ?? 0)).median }))
    .filter(({ us }) => us >= THREAD_US_SHOWN)
    .toSorted((a, b) => b.us - a.us)
    .map(({ name, us }) => `${name} ${us.toFixed(1)}`)
    .join(', ');
}
