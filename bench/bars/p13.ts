import { echoManifest } from '../../tests/harness.ts';
import { type Bar, type BenchContext, type Figure, fromSpread } from '../lib/bar.ts';
import { startNode } from '../lib/process.ts';
import { GATEWAY_CPU, startGateway, startGenerator } from '../lib/rig.ts';
import { absolute, type Arm, compare, doubtsOf, measure, type Metric } from '../lib/rounds.ts';
import { binaryLoad, jsonLoad } from '../lib/tensors.ts';
import { checkUsageRows } from '../lib/usage-rows.ts';

const SHAPE = [1, 3, 224, 224];
const ELEMENTS = 3 * 224 * 224;
const CLIENTS = 4;
/** Vectors of one embeddings answer. */
const INPUTS = 8;
const EMBEDDING_CLIENTS = 16;
const perSecond: Metric = (sample) => sample.perSecond;
const cpu: Metric = (sample) => sample.cpuUsPerCall;

/** A photograph as a model sees it: its numbers have as many digits as real ones. */
function image(): Buffer {
  return Buffer.from(Float32Array.from({ length: ELEMENTS }, (_, index) => (((index * 7919) % 256) / 255 - 0.45) / 0.225).buffer);
}

async function imageFigure(context: BenchContext): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const spec = { datatype: 'FP32', shape: [-1, 3, 224, 224] } as const;
  const signature = { inputs: [{ name: 'image', ...spec }], outputs: [{ name: 'same', ...spec }] };
  const gateway = stack.use(await startGateway({ models: [{ name: 'bench-image', manifest: echoManifest({ task: 'tensor', signature }) }] }, context));
  const generator = stack.use(await startGenerator());
  const {
    pid,
    ready: { port, key },
  } = gateway;
  const target = { port, key, model: 'bench-image', concurrency: CLIENTS };
  const input = { name: 'image', datatype: 'FP32', shape: SHAPE, data: image() } as const;
  const binary = (name: string): Arm => ({ name, pid, load: binaryLoad(target, input, { bytesMin: ELEMENTS * 4, contains: ['"same"'] }) });
  const arms: Arm[] = [binary('binary'), { name: 'json', pid, load: jsonLoad(target, input, { bytesMin: ELEMENTS * 2, contains: ['"same"'] }) }, binary('binary-again')];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1_000 });
  const measured = await checkUsageRows(rounds, { gateway }, { gateway: arms.map(({ name }) => name) });
  const { doubts, aa } = doubtsOf(measured, ['binary', 'binary-again'], perSecond);
  return {
    what: '600 KB image, binary / JSON, calls per second',
    ...fromSpread(compare(measured, ['binary', 'json'], perSecond)),
    floor: 8,
    aim: 20,
    better: 'higher',
    doubts,
    details: { binary: absolute(measured, 'binary', perSecond), json: absolute(measured, 'json', perSecond), cpuRatio: compare(measured, ['binary', 'json'], cpu).median, aa },
  };
}

async function embeddingFigure(context: BenchContext): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await startNode<{ port: number }>('arms/embedding-engine.ts', {}, { cpus: GATEWAY_CPU }));
  const gateway = stack.use(
    await startGateway({ upstream: { port: engine.ready.port, slots: 64 }, models: [{ name: 'bench-embedding', manifest: echoManifest({ task: 'embedding' }) }] }, context),
  );
  const generator = stack.use(await startGenerator());
  const {
    ready: { port, key },
  } = gateway;
  const arm = (name: string, format: 'base64' | 'float'): Arm => ({
    name,
    pid: engine.pid,
    alsoPids: [gateway.pid],
    load: {
      origin: `http://127.0.0.1:${port}`,
      path: '/v1/embeddings',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      concurrency: EMBEDDING_CLIENTS,
      bodies: [JSON.stringify({ model: 'bench-embedding', input: Array.from({ length: INPUTS }, (_, index) => `sentence ${index}`), encoding_format: format })],
      expect: { bytesMin: INPUTS * 384 * 4, contains: [`"index":${INPUTS - 1}`, `"total_tokens":${INPUTS}`] },
    },
  });
  const arms = [arm('base64', 'base64'), arm('float', 'float'), arm('base64-again', 'base64')];
  const rounds = await measure({ arms, generator, rounds: context.rounds, seconds: context.seconds, warmCalls: 1_000 });
  const measured = await checkUsageRows(rounds, { gateway }, { gateway: arms.map(({ name }) => name) });
  const { doubts, aa } = doubtsOf(measured, ['base64', 'base64-again'], cpu);
  return {
    what: `${INPUTS} embeddings, base64 / float JSON, CPU of gateway and engine`,
    ...fromSpread(compare(measured, ['base64', 'float'], cpu)),
    floor: 0.5,
    aim: 0.3,
    better: 'lower',
    doubts,
    details: { base64: absolute(measured, 'base64', cpu), float: absolute(measured, 'float', cpu), aa },
  };
}

export const p13: Bar = {
  id: 'P13',
  title: 'binary forms',
  run: async (context) => [await imageFigure(context), await embeddingFigure(context)],
};
