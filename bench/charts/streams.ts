import type { Charting } from '../lib/chart.ts';
import { startLlamaPair, TURN_SECONDS_MIN } from '../lib/llama-pair.ts';
import { measure, type Metric, valuesOf } from '../lib/rounds.ts';
import { quantile } from '../lib/stats.ts';

const STREAMS = [1, 2, 4, 8, 16] as const;
const SIDES = ['gateway', 'llama-server'] as const;
const ROUNDS_MAX = 3;
const tokens: Metric = (sample) => sample.tokensPerSecond;

/** What all streams together get out of one thread. */
export const streams: Charting = {
  name: 'streams',
  async run(context) {
    await using pair = await startLlamaPair(STREAMS.at(-1) ?? 1, context);
    const points = new Map<string, [number, number][]>(SIDES.map((side) => [side, []]));
    const doubts = new Set(pair.kernelDoubts());
    for (const count of STREAMS) {
      const arms = SIDES.map((side) => pair.arm(side, count));
      const rounds = Math.min(ROUNDS_MAX, context.rounds);
      const measured = await measure({ arms, generator: pair.generator, rounds, seconds: Math.max(TURN_SECONDS_MIN, context.seconds), warmCalls: 1 });
      for (const doubt of measured.doubts) doubts.add(doubt);
      for (const side of SIDES) points.get(side)?.push([count, quantile(valuesOf(measured, side, tokens), 0.5)]);
    }
    return {
      title: 'SmolLM2 135M Q4: tokens a second of all streams, one thread',
      x: { label: 'streams at once' },
      y: { label: 'tokens a second' },
      lines: [...points].map(([name, all]) => ({ name, points: all })),
      doubts: [...doubts],
    };
  },
};
