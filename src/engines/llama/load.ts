import { totalmem } from 'node:os';
import { getLlama, LlamaLogLevel, type Llama, type LlamaModel } from 'node-llama-cpp';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import { Fault, invalid } from '../../contract/errors.ts';
import { cacheBytes } from '../../model-files/kv-cache.ts';
import { TEXT_BATCH_TOKENS, type TextShape, textShape } from '../../model-files/text-shape.ts';
import { openVerified } from '../../model-files/verified.ts';

/** Of the machine's memory, what a context's KV cache may take at most. */
const KV_MEMORY_SHARE = 0.5;

export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  close(): Promise<void>;
}

/** Loads the version's one GGUF file, from the bytes that were verified (X26). Nothing is downloaded or built. */
export async function loadModel(spec: EngineSpec): Promise<LoadedModel> {
  const gguf = spec.manifest.files.find((file) => file.path.endsWith('.gguf'));
  const path = gguf && spec.files[gguf.path];
  if (gguf === undefined || path === undefined) throw invalid('The manifest has no GGUF file; the llama engine needs one.', 'files', 'no_model_file');
  const verified = await openVerified(path, gguf.digest);
  try {
    const llama = await getLlama({
      gpu: hasGpuBuild() ? 'auto' : false,
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      maxThreads: spec.threads,
      logLevel: LlamaLogLevel.error,
      logger: (level, message) => process.stderr.write(`${JSON.stringify({ level, code: 'llama_log', message: message.trim() })}\n`),
    });
    const model = await llama.loadModel({ modelPath: verified.path, useMmap: true });
    return {
      llama,
      model,
      async close() {
        await model.dispose();
        await llama.dispose();
        await verified.close();
      },
    };
  } catch (error) {
    await verified.close();
    throw new Fault('unprocessable', 'model_load_failed', `llama.cpp can't load ${gguf.path}.`, { cause: error });
  }
}

/** Slots and context size. @throws Fault `context_too_large` when their cache would take more than half of this machine's memory */
export function shapeOf({ manifest }: EngineSpec): TextShape {
  const shape = textShape(manifest);
  const bytes = cacheBytes(manifest.weights, shape);
  if (bytes > totalmem() * KV_MEMORY_SHARE) {
    throw new Fault(
      'insufficient_storage',
      'context_too_large',
      `${shape.slots} slots of ${shape.contextTokens} tokens need ${bytes} bytes of KV cache; lower engineOptions.slots or contextSize.`,
    );
  }
  return shape;
}

/** A context for as many sequences as slots, each with a full context of its own. */
export function contextOptions({ slots, contextTokens }: TextShape): { readonly sequences: number; readonly contextSize: number; readonly batchSize: number } {
  return { sequences: slots, contextSize: contextTokens, batchSize: TEXT_BATCH_TOKENS };
}

/** Apple's build always has Metal; elsewhere a GPU build is a package of its own. */
function hasGpuBuild(): boolean {
  if (process.platform === 'darwin') return process.arch === 'arm64';
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return ['cuda', 'vulkan'].some((gpu) => isInstalled(`@node-llama-cpp/${platform}-${gpu}`));
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
