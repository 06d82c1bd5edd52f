import { createInterface } from 'node:readline';
import type { EngineSpec } from '../contract/engine-wire.ts';
import { Fault, toFault } from '../contract/errors.ts';
import type { Engine } from './engine.ts';
import { startHost } from './host.ts';

/**
 * The entry of an engine's process: one `EngineSpec` as a JSON line on standard input, whose end is the order to end at once.
 * SIGTERM drains. What goes wrong while loading is one JSON line on standard error and exit code 1.
 */
async function main(): Promise<void> {
  const spec = await readSpec();
  const host = await startHost(spec.listen, { onError: (error) => report(error), onHang: (requestId) => exitWith(hang(requestId)) });
  let draining: Promise<void> | undefined;
  // Not `once`: a library's exit hook ends the process at once when it finds itself the only listener left.
  process.on('SIGTERM', () => {
    draining ??= host
      .drain()
      .then(() => host.close())
      .then(() => process.exit(0), exitWith);
  });
  await host.serve(await createEngine(spec));
}

function hang(requestId: string): Fault {
  return new Fault('internal', 'engine_hung', `the call ${requestId} has not ended, long after its deadline or its cancel; the engine ends itself`);
}

function readSpec(): Promise<EngineSpec> {
  const { promise, resolve, reject } = Promise.withResolvers<EngineSpec>();
  const lines = createInterface({ input: process.stdin });
  lines.once('line', (line) => {
    try {
      resolve(JSON.parse(line) as EngineSpec);
    } catch {
      reject(new Fault('invalid_argument', 'invalid_engine_spec', 'Standard input must begin with one line of JSON, the engine specification.'));
    }
  });
  lines.once('close', () => process.exit(0));
  return promise;
}

async function createEngine(spec: EngineSpec): Promise<Engine> {
  switch (spec.kind) {
    case 'llama':
      return (await import('./llama/index.ts')).createLlamaEngine(spec);
    case 'onnx':
      return (await import('./onnx/index.ts')).createOnnxEngine(spec);
    case 'tfjs':
      return (await import('./tfjs/index.ts')).createTfjsEngine(spec);
    case 'echo': {
      const { createEchoEngine, createEchoTensorEngine, withTruth } = await import('./echo/index.ts');
      if (spec.manifest.task === 'tensor') return createEchoTensorEngine(spec);
      const { MODELYARD_ECHO_TRUTH: truth } = process.env;
      return truth === undefined ? createEchoEngine(spec) : withTruth(createEchoEngine(spec), truth);
    }
    default:
      throw new Fault('invalid_argument', 'unknown_engine', `There is no engine of kind ${JSON.stringify(spec.kind)}.`);
  }
}

/** An unexpected error is told with its own text here: standard error is the operator's, never a client's. */
function report(error: unknown): void {
  const { code, message } = toFault(error);
  const cause = error instanceof Fault ? error.cause : error;
  process.stderr.write(`${JSON.stringify({ level: 'error', code, message, ...(cause !== undefined && { cause: String(cause) }) })}\n`);
}

function exitWith(error: unknown): void {
  report(error);
  process.exit(1);
}

main().catch(exitWith);
