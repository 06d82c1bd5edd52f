import type { EngineSpec } from '../../contract/engine-wire.ts';
import { invalid } from '../../contract/errors.ts';
import { openVerified } from '../../model-files/verified.ts';
import type { TensorEngine } from '../engine.ts';
import { signatureOf, threadEngine } from '../tensor-thread/engine.ts';
import { startThread } from '../tensor-thread/thread.ts';
import type { OnnxStart } from './start.ts';

/**
 * An ONNX model on ONNX Runtime's CPU provider, in a worker thread; with the manifest's pipeline around it where one is declared.
 * engineOptions: `slots`.
 * @throws Fault when the weights' digest differs or the runtime can't load them
 */
export async function createOnnxEngine(spec: EngineSpec): Promise<TensorEngine> {
  const signature = signatureOf(spec);
  const verified = await openVerified(...weightsOf(spec));
  const start: OnnxStart = { path: verified.path, threads: spec.threads, pipeline: spec.manifest.pipeline, signature };
  const thread = await startThread(new URL('./worker.ts', import.meta.url), start).finally(() => verified.close());
  return threadEngine(spec, thread);
}

function weightsOf({ manifest, files }: EngineSpec): readonly [path: string, digest: string] {
  // Beside the weights a version may have texts (labels, a licence); the weights are by far the largest.
  const file = manifest.files.toSorted((one, other) => other.bytes - one.bytes)[0];
  const path = file && files[file.path];
  if (!file || path === undefined) throw invalid('The manifest has no file with weights.', 'files');
  return [path, file.digest];
}
