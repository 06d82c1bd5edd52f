import { join } from 'node:path';
import { smollm2 } from '../../src/control-plane/registry/starters/smollm2-135m-instruct.ts';
import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { librariesOf } from '../lib/cpu.ts';
import { GATEWAY_CPU, startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric } from '../lib/rounds.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';
import { cacheFolder } from '../peers/cache.ts';
import { ensureLlamaServer, startLlamaServer } from '../peers/llama-server.ts';

const CONTEXT_TOKENS = 1_024;
const ANSWER_TOKENS = 64;
/** A turn lasts until its last stream has ended; shorter ones are mostly beginnings and ends. */
const TURN_SECONDS_MIN = 6;
const TOPICS = ['the sea', 'a mountain village', 'an old clock', 'two brothers', 'a lost letter', 'the first snow', 'a night train', 'a garden in June'];
const SIZES = [
  { streams: 8, floor: 0.95 },
  { streams: 16, floor: 0.9 },
] as const;
const tokens: Metric = (sample) => sample.tokensPerSecond;

/** Every stream has a prompt of its own, the same on both sides. */
function loadOf(port: number, streams: number, key = 'bench'): Arm['load'] {
  const bodies = Array.from({ length: streams }, (_, index) =>
    JSON.stringify({
      model: 'bench-llama',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_tokens: ANSWER_TOKENS,
      messages: [{ role: 'user', content: `Write a long story about ${TOPICS[index % TOPICS.length]}, part ${index + 1}. Begin at once and do not stop.` }],
    }),
  );
  return {
    origin: `http://127.0.0.1:${port}`,
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    bodies,
    concurrency: streams,
    expect: { contains: ['data: [DONE]', '"completion_tokens":'] },
  };
}

function kernelsOf(pid: number): string {
  return [...librariesOf(pid)].filter((name) => name.startsWith('libggml-cpu')).join(', ');
}

async function figureOf({ streams, floor }: (typeof SIZES)[number], binary: string, context: BenchContext): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const blobs = join(cacheFolder(), 'blobs');
  const order = { blobs, models: [{ name: 'bench-llama', starter: smollm2.name, raw: true, engineOptions: { slots: streams, contextSize: CONTEXT_TOKENS } }] };
  const gateway = stack.use(await startGateway(order, context));
  const digest = Object.values(smollm2.files)[0]?.slice('sha256:'.length) ?? '';
  const server = stack.use(
    await startLlamaServer({ binary, model: join(blobs, 'sha256', digest.slice(0, 2), digest), slots: streams, contextTokens: CONTEXT_TOKENS, cpus: GATEWAY_CPU }),
  );
  const generator = stack.use(await startGenerator());
  const arms: Arm[] = [
    { name: 'gateway', pid: gateway.pid, load: loadOf(gateway.ready.port, streams, gateway.ready.key) },
    { name: 'llama-server', pid: server.pid, load: loadOf(server.port, streams) },
    { name: 'gateway-again', pid: gateway.pid, load: loadOf(gateway.ready.port, streams, gateway.ready.key) },
  ];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: Math.max(TURN_SECONDS_MIN, context.seconds), warmCalls: 1 });
  const measured = await checkUsageRows(rounds, { gateway }, { gateway: ['gateway', 'gateway-again'] });
  const kernels = { ours: kernelsOf(gateway.pid), theirs: kernelsOf(server.pid) };
  const { doubts, aa } = doubtsOf(measured, ['gateway', 'gateway-again'], tokens);
  const unlike = kernels.ours === kernels.theirs && kernels.ours !== '' ? [] : [`not the same kernels: ${kernels.ours} and ${kernels.theirs}`];
  return {
    what: `tokens/s of ${streams} streams`,
    ...fromSpread(compare(measured, ['gateway', 'llama-server'], tokens)),
    floor,
    aim: 1,
    better: 'higher',
    doubts: [...doubts, ...unlike],
    details: { gateway: absolute(measured, 'gateway', tokens), 'llama-server': absolute(measured, 'llama-server', tokens), kernels, aa },
  };
}

export const p11: Bar = {
  id: 'P11',
  title: 'gateway and llama engine / llama-server, one thread each',
  async run(context) {
    const binary = await ensureLlamaServer(context.log);
    const figures: Figure[] = [];
    for (const size of SIZES) figures.push(await figureOf(size, binary, context));
    return figures;
  },
};
