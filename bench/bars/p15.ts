import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { keyOfNewOrg } from '../lib/control.ts';
import type { LoadOrder, LoadResult } from '../lib/load-order.ts';
import { chatLoad, type HoldingRig, startGenerator, startHoldingRig } from '../lib/rig.ts';
import { AA_MAX, AA_MIN } from '../lib/rounds.ts';
import { ratioOf, spreadOf } from '../lib/stats.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const SLOTS = 8;
const HOLD_MS = 5;
/** Calls that each tenant keeps under way: both more than half of the slots, so that both always wait. */
const QUIET = 8;
const LOUD = 10 * QUIET;
const WARM_SECONDS = 3;

interface Turn {
  readonly loud: LoadResult;
  readonly quiet: LoadResult;
}

interface Round {
  readonly fair: Turn;
  readonly firstCome: Turn;
  readonly again: Turn;
}

/** Both tenants at once, each from a generator of its own. First come, first served is what a line with one tenant is: then both keys are of one organisation. */
async function tenants({ gateway, generator }: HoldingRig, stack: AsyncDisposableStack) {
  const other = stack.use(await startGenerator());
  const loud = await keyOfNewOrg(gateway, 'loud');
  const quiet = await keyOfNewOrg(gateway, 'quiet');
  const { port } = gateway.ready;
  const send = (generatorOf: typeof generator, key: string, concurrency: number, seconds: number) =>
    generatorOf.ask<LoadResult>({ ...chatLoad(port, { key, concurrency }), seconds } satisfies LoadOrder);
  return async (quietKey: 'own' | 'same', seconds: number): Promise<Turn> => {
    const [first, second] = await Promise.all([send(generator, loud, LOUD, seconds), send(other, quietKey === 'own' ? quiet : loud, QUIET, seconds)]);
    return { loud: first, quiet: second };
  };
}

const total = ({ loud, quiet }: Turn) => loud.successes / loud.seconds + quiet.successes / quiet.seconds;
const service = ({ loud, quiet }: Turn) => loud.successes / loud.seconds / (quiet.successes / quiet.seconds);

async function run({ rounds, seconds, ...context }: BenchContext): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const rig = stack.use(await startHoldingRig({ slots: SLOTS, holdMs: HOLD_MS }, { rounds, seconds, ...context }));
  const turn = await tenants(rig, stack);
  const warm = [await turn('own', WARM_SECONDS), await turn('same', WARM_SECONDS)];
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) measured.push({ fair: await turn('own', seconds), firstCome: await turn('same', seconds), again: await turn('own', seconds) });
  const all = [...warm, ...measured.flatMap(({ fair, firstCome, again }) => [fair, firstCome, again])].flatMap(({ loud, quiet }) => [loud, quiet]);
  const wrong = all.find(({ failures }) => failures > 0)?.firstFailure;
  const successes = { gateway: all.reduce((sum, one) => sum + one.successes, 0) };
  const { doubts } = await checkUsageRows(
    { samples: {}, successes, refusals: 0, residentBytes: {}, doubts: wrong === undefined ? [] : [wrong], cpu1Busy: Number.NaN },
    { gateway: rig.gateway },
  );
  return figuresOf(measured, doubts);
}

function figuresOf(measured: readonly Round[], doubts: readonly string[]): Figure[] {
  const of = (kind: keyof Round, value: (turn: Turn) => number) => measured.map((round) => value(round[kind]));
  const aa = ratioOf(of('fair', total), of('again', total)).median;
  const all = aa >= AA_MIN && aa <= AA_MAX ? doubts : [...doubts, `the same arm twice differs by ${aa.toFixed(3)}`];
  const ratio = spreadOf([...of('fair', service), ...of('again', service)]);
  const unfair = spreadOf(of('firstCome', service)).median;
  return [
    {
      // A ratio has two sides: 0.9 is as far from even as 1.11.
      what: 'service of two tenants, the larger / the smaller',
      ...fromSpread({ median: Math.max(ratio.median, 1 / ratio.median), iqr: ratio.iqr }),
      floor: 1.1,
      aim: 1.05,
      better: 'lower',
      doubts: all,
      details: { loudOverQuiet: ratio.median, firstComeLoudOverQuiet: unfair, aa },
    },
    {
      what: 'all calls per second / first come, first served',
      ...fromSpread(ratioOf(of('fair', total), of('firstCome', total))),
      floor: 0.97,
      aim: 0.99,
      better: 'higher',
      doubts: all,
      details: { fair: spreadOf(of('fair', total)).median, firstCome: spreadOf(of('firstCome', total)).median, aa },
    },
  ];
}

export const p15: Bar = { id: 'P15', title: `two backlogged tenants, one sending ${LOUD / QUIET}×, ${SLOTS} slots of ${HOLD_MS} ms`, run };
