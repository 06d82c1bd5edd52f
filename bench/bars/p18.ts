import type { Decided, DecideOrder } from '../arms/scheduler.ts';
import { type Bar, type BenchContext, type Figure } from '../lib/bar.ts';
import { type BenchProcess, startNode } from '../lib/process.ts';
import { GATEWAY_CPU } from '../lib/rig.ts';
import { AA_MAX, AA_MIN } from '../lib/rounds.ts';
import { DEPLOYMENTS, NODES, WORLD_NAMES, type WorldName } from '../lib/scheduler-worlds.ts';
import { spreadOf } from '../lib/stats.ts';

/** Decisions that follow each other: what the first leaves to the next is seen too. */
const TICKS = 12;
/** Interpreted code is not what is asked about. */
const WARM_ROUNDS = 2;

interface Round {
  readonly first: readonly Decided[];
  readonly again: readonly Decided[];
}

async function decideAll(arm: BenchProcess<unknown>): Promise<Decided[]> {
  const all: Decided[] = [];
  for (const world of WORLD_NAMES) all.push(await arm.ask<Decided>({ world, ticks: TICKS } satisfies DecideOrder));
  return all;
}

interface Slowest {
  readonly tick: number;
  readonly median: number;
  readonly iqr: readonly [number, number];
  readonly max: number;
  /** On the CPU, median. */
  readonly cpuMs: number;
}

/** Of a world's decisions the one that takes longest; each decision's time is the median of all rounds. */
function slowest(decided: readonly Decided[]): Slowest {
  const ticks = Array.from({ length: TICKS }, (_, tick): Slowest => {
    const ms = decided.map((one) => one.ms[tick] ?? Number.NaN);
    return { tick, ...spreadOf(ms), max: Math.max(...ms), cpuMs: spreadOf(decided.map((one) => one.cpuMs[tick] ?? Number.NaN)).median };
  });
  return ticks.reduce((worst, one) => (one.median > worst.median ? one : worst));
}

function shown({ tick, median, iqr, max, cpuMs }: Slowest, { starts, stops }: Decided): string {
  const done = `${starts[tick]} starts and ${stops[tick]} stops in it; ${starts.join(' ')} starts, ${stops.join(' ')} stops in all`;
  return `${median.toFixed(1)} ms (${iqr.map((ms) => ms.toFixed(1)).join('–')}, at most ${max.toFixed(1)}; ${cpuMs.toFixed(1)} ms on the CPU; ${done})`;
}

function figureOf(rounds: readonly Round[]): Figure {
  const of = (kind: keyof Round, index: number) => rounds.flatMap((round) => round[kind][index] ?? []);
  const worlds = WORLD_NAMES.map((name: WorldName, index) => ({ name, all: of('first', index), first: slowest(of('first', index)), again: slowest(of('again', index)) }));
  const worst = worlds.reduce((so, one) => (one.first.median > so.first.median ? one : so));
  const aa = worst.first.median / worst.again.median;
  return {
    what: `the slowest decision of the worst situation (${worst.name}), ms`,
    figure: worst.first.median,
    iqr: worst.first.iqr,
    floor: 200,
    aim: 50,
    better: 'lower',
    doubts: aa >= AA_MIN && aa <= AA_MAX ? [] : [`the same situation twice differs by ${aa.toFixed(3)}`],
    details: { ...Object.fromEntries(worlds.flatMap(({ name, all, first }) => (all[0] ? [[name, shown(first, all[0])]] : []))), aa },
  };
}

async function run({ rounds }: BenchContext): Promise<Figure[]> {
  await using arm = await startNode('arms/scheduler.ts', {}, { cpus: GATEWAY_CPU });
  for (let round = 0; round < WARM_ROUNDS; round++) await decideAll(arm);
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) measured.push({ first: await decideAll(arm), again: await decideAll(arm) });
  return [figureOf(measured)];
}

export const p18: Bar = { id: 'P18', title: `scheduler decide(), ${NODES} nodes × ${DEPLOYMENTS} deployments`, run };
