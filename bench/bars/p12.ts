import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import type { GatewayReady, LoopDelay } from '../lib/gateway-order.ts';
import type { LoadOrder, LoadResult } from '../lib/load-order.ts';
import { LLAMA_MODEL as MODEL, llamaOrder } from '../lib/llama-pair.ts';
import type { BenchProcess } from '../lib/process.ts';
import { BOTH_CPUS, startGateway, startGenerator } from '../lib/rig.ts';
import { AA_MAX, AA_MIN } from '../lib/rounds.ts';
import { quantile, ratioOf, spreadOf } from '../lib/stats.ts';
import { storyLoad } from '../lib/stories.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

/** As many as the engine has slots, and as many again that wait: it never has nothing to do. */
const SLOTS = 8;
const STREAMS = 2 * SLOTS;
/** Of an endpoint that reads the catalogue, and needs no engine. */
const PROBES_PER_SECOND = 200;
const PROBES_MAX = 64;
const WARM_SECONDS = 3;
/** The engine is busy before the first probe and after the last one. */
const LEAD_MS = 500;
const FLAT = { floor: 2, aim: 1.3 };
const LOOP = { floor: 20, aim: 10 };

interface Turn {
  readonly probes: LoadResult;
  readonly chats: LoadResult | undefined;
  readonly loop: LoopDelay;
}

interface Round {
  readonly idle: Turn;
  readonly saturated: Turn;
  readonly again: Turn;
}

function probeOf({ ready: { port, operatorKey: key } }: BenchProcess<GatewayReady>, seconds: number): LoadOrder {
  return {
    origin: `http://127.0.0.1:${port}`,
    path: '/v1/models',
    method: 'GET',
    headers: { authorization: `Bearer ${key}` },
    bodies: [''],
    concurrency: 1,
    open: { perSecond: PROBES_PER_SECOND, inFlightMax: PROBES_MAX },
    seconds,
    expect: { contains: [`"${MODEL}"`] },
  };
}

async function run({ rounds, seconds, ...context }: BenchContext): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await startGateway({ ...llamaOrder(SLOTS), loopDelay: true }, context, BOTH_CPUS));
  const prober = stack.use(await startGenerator(BOTH_CPUS));
  const chatter = stack.use(await startGenerator(BOTH_CPUS));
  const load = storyLoad({ port: gateway.ready.port, key: gateway.ready.key, model: MODEL, streams: STREAMS });
  const turn = async (isSaturated: boolean, turnSeconds: number): Promise<Turn> => {
    const chats = isSaturated ? chatter.ask<LoadResult>({ ...load, seconds: turnSeconds + (2 * LEAD_MS) / 1_000 } satisfies LoadOrder) : undefined;
    if (chats) await new Promise((resolve) => setTimeout(resolve, LEAD_MS));
    await gateway.ask<LoopDelay>('loop');
    const probes = await prober.ask<LoadResult>(probeOf(gateway, turnSeconds));
    const loop = await gateway.ask<LoopDelay>('loop');
    return { probes, chats: await chats, loop };
  };
  const warm = [await turn(false, WARM_SECONDS), await turn(true, WARM_SECONDS)];
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) measured.push({ idle: await turn(false, seconds), saturated: await turn(true, seconds), again: await turn(false, seconds) });
  const turns = [...warm, ...measured.flatMap(({ idle, saturated, again }) => [idle, saturated, again])];
  const results = turns.flatMap(({ probes, chats }) => (chats ? [probes, chats] : [probes]));
  const wrong = results.find(({ failures }) => failures > 0)?.firstFailure;
  const unsent = turns.reduce((sum, { probes }) => sum + probes.unsent, 0);
  const successes = { gateway: turns.reduce((sum, { chats }) => sum + (chats?.successes ?? 0), 0) };
  const said = [...(wrong === undefined ? [] : [wrong]), ...(unsent > 0 ? [`${unsent} calls that were due were not sent`] : [])];
  const { doubts } = await checkUsageRows({ samples: {}, successes, refusals: 0, residentBytes: {}, doubts: said, cpu1Busy: Number.NaN }, { gateway });
  return figuresOf(measured, doubts);
}

function figuresOf(measured: readonly Round[], doubts: readonly string[]): Figure[] {
  const of = (kind: keyof Round, value: (turn: Turn) => number) => measured.map((round) => value(round[kind]));
  const p99 = ({ probes }: Turn) => probes.p99Ms;
  const aa = ratioOf(of('idle', p99), of('again', p99)).median;
  const late = of('saturated', ({ loop }) => loop.p99Ms);
  const text = (values: readonly number[]) => quantile(values, 0.5).toPrecision(3);
  const tokens = text(of('saturated', ({ chats }) => (chats ? chats.tokens / chats.seconds : 0)));
  return [
    {
      what: 'p99 of GET /v1/models, engine saturated / idle',
      ...fromSpread(ratioOf(of('saturated', p99), of('idle', p99))),
      ...FLAT,
      better: 'lower',
      doubts: aa >= AA_MIN && aa <= AA_MAX ? doubts : [...doubts, `the same arm twice differs by ${aa.toFixed(3)}`],
      details: {
        saturatedMs: `${text(of('saturated', p99))}, p50 ${text(of('saturated', ({ probes }) => probes.p50Ms))}`,
        idleMs: `${text(of('idle', p99))}, p50 ${text(of('idle', ({ probes }) => probes.p50Ms))}`,
        tokensPerSecond: tokens,
        aa,
      },
    },
    {
      what: "p99 of the event loop's delay, engine saturated, ms",
      ...fromSpread(spreadOf(late)),
      ...LOOP,
      better: 'lower',
      doubts,
      details: { idleMs: text(of('idle', ({ loop }) => loop.p99Ms)), longestMs: text(of('saturated', ({ loop }) => loop.maxMs)), tokensPerSecond: tokens },
    },
  ];
}

export const p12: Bar = { id: 'P12', title: `an endpoint that needs no model, ${STREAMS} streams on ${SLOTS} slots of the llama engine`, run };
