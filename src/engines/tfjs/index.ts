import type { EngineSpec } from '../../contract/engine-wire.ts';
import { invalid } from '../../contract/errors.ts';
import { withFile } from '../../model-files/byte-source.ts';
import { isTfjsModel, readTfjs } from '../../model-files/tfjs/index.ts';
import { openVerified, type VerifiedFile } from '../../model-files/verified.ts';
import type { TensorEngine } from '../engine.ts';
import { signatureOf, threadEngine } from '../tensor-thread/engine.ts';
import { startThread } from '../tensor-thread/thread.ts';
import type { TfjsStart } from './start.ts';

/**
 * A TF.js layers or graph model on the wasm backend, in a worker thread; with the manifest's pipeline around it where one is declared.
 * It computes with one thread, whatever its share: more of them are more replicas. engineOptions: `slots`.
 * @throws Fault when a file's digest differs or TF.js can't load the model
 */
export async function createTfjsEngine(spec: EngineSpec): Promise<TensorEngine> {
  const signature = signatureOf(spec);
  const opened = new Map<string, VerifiedFile>();
  try {
    const modelPath = await openModel(spec, opened);
    const shardPaths: Record<string, string> = {};
    for (const path of withFile(modelPath, readTfjs).groups.flatMap(({ paths }) => paths)) shardPaths[path] = (await open(spec, path, opened)).path;
    const start: TfjsStart = { modelPath, shardPaths, signature, pipeline: spec.manifest.pipeline };
    return threadEngine(spec, await startThread(new URL('./worker.ts', import.meta.url), start));
  } finally {
    for (const file of opened.values()) await file.close();
  }
}

/** The model.json among the version's files, by what it holds. */
async function openModel(spec: EngineSpec, opened: Map<string, VerifiedFile>): Promise<string> {
  for (const { path } of spec.manifest.files) {
    const name = spec.files[path];
    if (name === undefined || !withFile(name, isTfjsModel)) continue;
    return (await open(spec, path, opened)).path;
  }
  throw invalid('The manifest has no model.json of TF.js.', 'files');
}

async function open({ manifest, files }: EngineSpec, path: string, opened: Map<string, VerifiedFile>): Promise<VerifiedFile> {
  const file = manifest.files.find((candidate) => candidate.path === path);
  const absolutePath = files[path];
  if (!file || absolutePath === undefined) throw invalid(`The manifest has no file '${path}', which model.json names.`, 'files');
  const verified = await openVerified(absolutePath, file.digest);
  opened.set(path, verified);
  return verified;
}
