import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { type BenchProcess, startNode } from '../lib/process.ts';
import { BOTH_CPUS } from '../lib/rig.ts';
import { AA_MAX, AA_MIN } from '../lib/rounds.ts';
import type { SettleCheck, Settled, SettleOrder } from '../lib/settle-order.ts';
import { quantile, ratioOf, type Spread, spreadOf } from '../lib/stats.ts';

/** What the poster takes at once. */
const RECORDS = 1_000;
const BATCHES = 20;
const PAIRS = 300;
/** What is asked for, and the half of it as the poster posts it: gathered for a quarter of a second. */
const PER_SECOND = 1_000;
const GATHER_MS = 250;
const PACED_RECORDS = (PER_SECOND / 2) * (GATHER_MS / 1_000);

interface Round {
  readonly billed: Settled;
  readonly bare: Settled;
  readonly again: Settled;
  readonly pairs: Settled;
  readonly paced: Settled;
}

async function takeRound(arm: BenchProcess<unknown>, seconds: number): Promise<Round> {
  const ask = (order: SettleOrder) => arm.ask<Settled>(order);
  const batches = { batches: BATCHES, records: RECORDS };
  return {
    billed: await ask({ kind: 'billed', ...batches }),
    bare: await ask({ kind: 'bare', ...batches }),
    again: await ask({ kind: 'billed', ...batches }),
    pairs: await ask({ kind: 'pairs', count: PAIRS }),
    paced: await ask({ kind: 'paced', everyMs: GATHER_MS, batches: Math.ceil((seconds * 1_000) / GATHER_MS), records: PACED_RECORDS }),
  };
}

async function run({ rounds, seconds }: BenchContext): Promise<{ readonly measured: readonly Round[]; readonly doubts: readonly string[] }> {
  await using arm = await startNode('arms/settling.ts', {}, { cpus: BOTH_CPUS });
  // The compiler's time is not what is asked about.
  await takeRound(arm, 1);
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) measured.push(await takeRound(arm, seconds));
  const { faults, unbilled, settled, posted } = await arm.ask<SettleCheck>({ kind: 'check' } satisfies SettleOrder);
  const uneven = settled !== posted || unbilled > 0 ? [`${settled} charges in the book for ${posted} records`] : [];
  return { measured, doubts: [...faults, ...uneven] };
}

const shown = ({ median, iqr }: Spread) => `${median.toPrecision(4)} (${iqr.map((value) => value.toPrecision(4)).join('–')})`;

function figuresOf(measured: readonly Round[], common: readonly string[]): Figure[] {
  const rates = (kind: keyof Round, things: number) => measured.map((round) => things / round[kind].seconds);
  const perRecordUs = (kind: keyof Round, records: number) => shown(spreadOf(measured.map((round) => round[kind].cpuUs / records)));
  const ALL = RECORDS * BATCHES;
  const [billed, bare, pairs] = [rates('billed', ALL), rates('bare', ALL), rates('pairs', PAIRS)];
  const aa = ratioOf(billed, rates('again', ALL)).median;
  const doubts = aa >= AA_MIN && aa <= AA_MAX ? common : [...common, `the same batches twice differ by ${aa.toFixed(3)}`];
  const paced = measured.flatMap((round) => round.paced.ms);
  const pairMs = measured.flatMap((round) => round.pairs.ms);
  return [
    {
      what: `priced records settled per second, committed in groups of ${RECORDS}`,
      ...fromSpread(spreadOf(billed)),
      floor: PER_SECOND,
      aim: 10 * PER_SECOND,
      better: 'higher',
      doubts,
      details: {
        bareInserts: shown(spreadOf(bare)),
        settledPerBareInsert: shown(ratioOf(billed, bare)),
        cpuUs: perRecordUs('billed', ALL),
        bareCpuUs: perRecordUs('bare', ALL),
        batchP99Ms: quantile(
          measured.flatMap((round) => round.billed.ms),
          0.99,
        ),
        aa,
      },
    },
    {
      what: 'pairs of a lease and a settle per second, each a transaction of its own',
      ...fromSpread(spreadOf(pairs)),
      floor: PER_SECOND,
      aim: PER_SECOND,
      better: 'higher',
      doubts: common,
      details: { p50Ms: quantile(pairMs, 0.5), p99Ms: quantile(pairMs, 0.99), cpuUs: perRecordUs('pairs', PAIRS) },
    },
    {
      what: `p99 of settling what ${PER_SECOND / 2} records a second bring, gathered for ${GATHER_MS} ms, ms`,
      figure: quantile(paced, 0.99),
      floor: 20,
      aim: 20,
      better: 'lower',
      doubts: common,
      details: { batches: paced.length, records: PACED_RECORDS, p50Ms: quantile(paced, 0.5) },
    },
  ];
}

export const m44: Bar = {
  id: 'M44',
  title: 'usage posted and charged, durable',
  async run(context) {
    const { measured, doubts } = await run(context);
    return figuresOf(measured, doubts);
  },
};
