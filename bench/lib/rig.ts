import START from '../../bin/node-start.json' with { type: 'json' };
import { echoManifest } from '../../tests/harness.ts';
import { ensurePortkey } from '../peers/portkey.ts';
import type { BenchContext } from './bar.ts';
import type { GatewayOrder, GatewayReady } from './gateway-order.ts';
import type { UpstreamOrder } from '../upstream.ts';
import { MOCK_ANSWER } from './mock-answers.ts';
import { type BenchProcess, startNode } from './process.ts';
import type { LoadOrder } from './load-order.ts';

/** What is measured runs alone on the first CPU; what measures it, and the mock upstream, on the second. */
export const GATEWAY_CPU = '0';
const LOAD_CPU = '1';
/** Where engines are to have a core each, all share both. */
export const BOTH_CPUS = '0,1';
/** Calls that the mock takes at once: more than any bar sends. */
export const UPSTREAM_SLOTS = 256;

export const PEERS = ['node-proxy', 'undici-proxy', 'portkey'] as const;
export type Peer = (typeof PEERS)[number];

/** The upstream, the generator, the same gateway twice, and the peers that were asked for: all up at once. */
export interface Rig extends AsyncDisposable {
  readonly generator: BenchProcess<unknown>;
  readonly upstreamPort: number;
  readonly gateways: Readonly<Record<'gateway' | 'gateway-again', BenchProcess<GatewayReady>>>;
  readonly peers: ReadonlyMap<Peer, BenchProcess<{ port: number }>>;
}

/** What measures does not stop to walk through its whole heap: a pause of its own of 20 ms would be taken for the gateway's. */
const NO_FULL_COLLECTION = ['--initial-old-space-size=2048'];

export function startGenerator(cpus = LOAD_CPU): Promise<BenchProcess<unknown>> {
  return startNode('load.ts', {}, { cpus, nodeArguments: NO_FULL_COLLECTION });
}

export function startUpstream(order: UpstreamOrder = {}): Promise<BenchProcess<{ readonly port: number }>> {
  return startNode('upstream.ts', order, { cpus: LOAD_CPU, nodeArguments: NO_FULL_COLLECTION });
}

/** `cpus`: its engines, as its children, run on the same. */
export function startGateway(order: GatewayOrder, { gatewayArguments }: Pick<BenchContext, 'gatewayArguments'>, cpus = GATEWAY_CPU): Promise<BenchProcess<GatewayReady>> {
  return startNode('arms/gateway.ts', order, { cpus, nodeArguments: [...START.flags, ...gatewayArguments], environment: START.environment });
}

/** A gateway before a mock engine that computes for a while: so many answers at once, each in so long. What bounds it is the engine, not the gateway. */
export interface HoldingRig extends AsyncDisposable {
  readonly generator: BenchProcess<unknown>;
  readonly gateway: BenchProcess<GatewayReady>;
}

export async function startHoldingRig({ slots, holdMs }: { readonly slots: number; readonly holdMs: number }, context: BenchContext): Promise<HoldingRig> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator());
  const upstream = stack.use(await startUpstream({ holdMs }));
  const order: GatewayOrder = { upstream: { port: upstream.ready.port, slots }, models: [{ name: 'bench', manifest: echoManifest() }] };
  const gateway = stack.use(await startGateway(order, context));
  const parts = stack.move();
  return { generator, gateway, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

export async function startRig(peers: readonly Peer[], context: BenchContext): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const generator = stack.use(await startGenerator());
  const upstream = stack.use(await startUpstream());
  const upstreamPort = upstream.ready.port;
  const order: GatewayOrder = { upstream: { port: upstreamPort, slots: UPSTREAM_SLOTS }, models: [{ name: 'bench', manifest: echoManifest() }] };
  const gateway = stack.use(await startGateway(order, context));
  const again = stack.use(await startGateway(order, { gatewayArguments: [] }));
  const started = new Map<Peer, BenchProcess<{ port: number }>>();
  for (const peer of peers) {
    const peerOrder = peer === 'portkey' ? { startFile: await ensurePortkey() } : { upstreamPort };
    started.set(peer, stack.use(await startNode<{ port: number }>(`arms/${peer}.ts`, peerOrder, { cpus: GATEWAY_CPU })));
  }
  const parts = stack.move();
  return { generator, upstreamPort, gateways: { gateway, 'gateway-again': again }, peers: started, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const CHAT = {
  model: 'bench',
  messages: [
    { role: 'system', content: 'You are a helpful assistant that answers briefly and precisely.' },
    { role: 'user', content: 'What can a benchmark on a noisy machine with two cores prove, and what can it not prove?' },
  ],
  temperature: 0.7,
};

/** One chat call, answered whole. */
export function chatLoad(port: number, { key = 'bench', concurrency }: { readonly key?: string; readonly concurrency: number }): Omit<LoadOrder, 'seconds'> {
  return {
    ...target(port, key),
    bodies: [JSON.stringify({ ...CHAT, max_tokens: 64 })],
    concurrency,
    expect: { bytes: Buffer.byteLength(MOCK_ANSWER), contains: ['"total_tokens":88', 'sits down to consider'] },
  };
}

/** The same through Portkey, which may write the answer anew: its bytes are not counted, its usage is looked for. */
export function portkeyLoad(port: number, upstreamPort: number, concurrency: number): Omit<LoadOrder, 'seconds'> {
  const { headers, expect, ...load } = chatLoad(port, { concurrency });
  const { bytes: _bytes, ...rest } = expect;
  return { ...load, expect: rest, headers: { ...headers, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1` } };
}

/** A stream of so many frames; what is to be expected of it is the caller's to say. */
export function streamLoad(
  port: number,
  frames: number,
  { key = 'bench', concurrency, expect }: { readonly key?: string; readonly concurrency: number; readonly expect: LoadOrder['expect'] },
): Omit<LoadOrder, 'seconds'> {
  return { ...target(port, key), bodies: [JSON.stringify({ ...CHAT, max_tokens: frames, stream: true })], concurrency, expect };
}

function target(port: number, key: string): Pick<LoadOrder, 'origin' | 'path' | 'headers'> {
  return { origin: `http://127.0.0.1:${port}`, path: '/v1/chat/completions', headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` } };
}
