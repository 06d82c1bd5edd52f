import { join } from 'node:path';
import { smollm2 } from '../../src/control-plane/registry/starters/smollm2-135m-instruct.ts';
import { cacheFolder } from '../peers/cache.ts';
import { ensureLlamaServer, startLlamaServer } from '../peers/llama-server.ts';
import type { BenchContext } from './bar.ts';
import { librariesOf } from './cpu.ts';
import type { GatewayReady } from './gateway-order.ts';
import type { BenchProcess } from './process.ts';
import { GATEWAY_CPU, startGateway, startGenerator } from './rig.ts';
import type { Arm } from './rounds.ts';
import { storyLoad } from './stories.ts';

export const LLAMA_MODEL = 'bench-llama';
const CONTEXT_TOKENS = 1_024;
/** A turn lasts until its last stream has ended; shorter ones are mostly beginnings and ends. */
export const TURN_SECONDS_MIN = 6;

/** The order for our engine with so many slots on SmolLM2. */
export function llamaOrder(slots: number) {
  return { blobs: join(cacheFolder(), 'blobs'), models: [{ name: LLAMA_MODEL, starter: smollm2.name, raw: true, engineOptions: { slots, contextSize: CONTEXT_TOKENS } }] };
}

/** Our gateway with its llama engine, and llama-server, with as many slots and the same file, on one CPU. */
export interface LlamaPair extends AsyncDisposable {
  readonly gateway: BenchProcess<GatewayReady>;
  readonly generator: BenchProcess<unknown>;
  arm(side: 'gateway' | 'llama-server', streams: number, name?: string): Arm;
  /** Why the two can't be compared; nothing, when they run the same kernels. */
  kernelDoubts(): string[];
  kernels(): string;
}

export async function startLlamaPair(slots: number, context: BenchContext): Promise<LlamaPair> {
  const binary = await ensureLlamaServer(context.log);
  await using stack = new AsyncDisposableStack();
  const order = llamaOrder(slots);
  const gateway = stack.use(await startGateway(order, context));
  const digest = Object.values(smollm2.files)[0]?.slice('sha256:'.length) ?? '';
  const model = join(order.blobs, 'sha256', digest.slice(0, 2), digest);
  const server = stack.use(await startLlamaServer({ binary, model, slots, contextTokens: CONTEXT_TOKENS, cpus: GATEWAY_CPU }));
  const generator = stack.use(await startGenerator());
  const sides = {
    gateway: { pid: gateway.pid, port: gateway.ready.port, key: gateway.ready.key },
    'llama-server': { pid: server.pid, port: server.port, key: 'bench' },
  };
  const parts = stack.move();
  return {
    gateway,
    generator,
    arm(side, streams, name = side) {
      const { pid, port, key } = sides[side];
      return { name, pid, load: storyLoad({ port, key, model: LLAMA_MODEL, streams }) };
    },
    kernels: () => kernelsOf(gateway.pid),
    kernelDoubts() {
      const [ours, theirs] = [kernelsOf(gateway.pid), kernelsOf(server.pid)];
      return ours === theirs && ours !== '' ? [] : [`not the same kernels: ${ours} and ${theirs}`];
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function kernelsOf(pid: number): string {
  return [...librariesOf(pid)].filter((name) => name.startsWith('libggml-cpu')).join(', ');
}
