import { readFile } from 'node:fs/promises';
import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { Fault, invalid } from '../../contract/errors.ts';
import { publicText, type Session } from '../tensor-thread/session.ts';
import { fromOrt, toOrt } from './values.ts';

/** Errors come back from each call; in the log they would be a caller's to fill. */
const FATAL_ONLY = 4;

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
