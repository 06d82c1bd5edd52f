import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { startLlamaPair, TURN_SECONDS_MIN } from '../lib/llama-pair.ts';
import { absolute, compare, doubtsOf, measure, type Metric } from '../lib/rounds.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const SIZES = [
  { streams: 8, floor: 0.95 },
  { streams: 16, floor: 0.9 },
] as const;
const tokens: Metric = (sample) => sample.tokensPerSecond;

async function figureOf({ streams, floor }: (typeof SIZES)[number], context: BenchContext): Promise<Figure> {
  await using pair = await startLlamaPair(streams, context);
  const { gateway, generator } = pair;
  const arms = [pair.arm('gateway', streams), pair.arm('llama-server', streams), pair.arm('gateway', streams, 'gateway-again')];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: Math.max(TURN_SECONDS_MIN, context.seconds), warmCalls: 1 });
  const measured = await checkUsageRows(rounds, { gateway }, { gateway: ['gateway', 'gateway-again'] });
  const { doubts, aa } = doubtsOf(measured, ['gateway', 'gateway-again'], tokens);
  return {
    what: `tokens/s of ${streams} streams`,
    ...fromSpread(compare(measured, ['gateway', 'llama-server'], tokens)),
    floor,
    aim: 1,
    better: 'higher',
    doubts: [...doubts, ...pair.kernelDoubts()],
    details: { gateway: absolute(measured, 'gateway', tokens), 'llama-server': absolute(measured, 'llama-server', tokens), kernels: pair.kernels(), aa },
  };
}

export const p11: Bar = {
  id: 'P11',
  title: 'gateway and llama engine / llama-server, one thread each',
  async run(context) {
    const figures: Figure[] = [];
    for (const size of SIZES) figures.push(await figureOf(size, context));
    return figures;
  },
};
