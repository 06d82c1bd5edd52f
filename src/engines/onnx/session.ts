import { readFile } from 'node:fs/promises';
import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { Fault, invalid } from '../../contract/errors.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { fromOrt, toOrt } from './values.ts';

const MESSAGE_CHARACTERS_MAX = 300;
/** Errors come back from each call; in the log they would be a caller's to fill. */
const FATAL_ONLY = 4;

/** A loaded model. `run` blocks this thread while it computes. */
export interface Session {
  readonly outputNames: readonly string[];
  /** `outputs` in the wanted order. @throws Fault when the runtime refuses the inputs */
  run(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  release(): Promise<void>;
}

/** Loads from a buffer: the runtime never opens a path itself, and a model from a buffer has no folder for external data. */
export async function createSession(path: string, threads: number): Promise<Session> {
  const bytes = await readFile(path);
  const session = await load(bytes, threads);
  return {
    outputNames: session.outputNames,
    async run(inputs, outputs) {
      const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toOrt(tensor)]));
      const results = await runSession(session, feeds, outputs);
      return outputs.map((name) => {
        const value = results[name];
        if (!value) throw new Fault('unprocessable', 'missing_output', `The model gave no output '${name}'.`);
        return fromOrt(name, value);
      });
    },
    release: () => session.release(),
  };
}

async function load(bytes: Buffer, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: FATAL_ONLY });
  } catch (error) {
    throw new Fault('invalid_argument', 'model_not_loaded', `ONNX Runtime can't load the model: ${publicText(error)}`, { cause: error });
  }
}

async function runSession(session: InferenceSession, feeds: Record<string, OrtTensor>, outputs: readonly string[]): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, outputs);
  } catch (error) {
    const text = publicText(error);
    if (/allocat|bad_alloc|out of memory/i.test(text)) throw new Fault('unprocessable', 'out_of_memory', 'These inputs need more memory than the engine has.', { cause: error });
    throw invalid(`The model can't compute these inputs: ${text}`, 'inputs', 'inference_failed');
  }
}

/** The runtime's own words without where its sources or our files lie. */
export function publicText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const status = text.split('Status Message:').at(-1) ?? text;
  const words = status.split(/\s+/).filter((word) => word !== '' && !/[/\\]|\.(h|cc|cpp):/.test(word));
  return words.join(' ').slice(0, MESSAGE_CHARACTERS_MAX) || 'unknown reason.';
}
