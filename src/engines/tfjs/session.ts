import { readFile } from 'node:fs/promises';
import { cast, engine, type Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { Fault, invalid } from '../../contract/errors.ts';
import type { Tensor, TensorSignature } from '../../contract/tensor.ts';
import { withFile } from '../../model-files/byte-source.ts';
import { readTfjs } from '../../model-files/tfjs/index.ts';
import { publicText, type Session } from '../tensor-thread/session.ts';
import { outOfMemory, startBackend } from './backend.ts';
import { loadModel, type Model } from './model.ts';
import type { TfjsStart } from './start.ts';
import { fromTf, tfType, toTf } from './values.ts';

/** Loads from memory: TF.js never opens a path or an address itself. @throws Fault `model_not_loaded` with TF.js' own words */
export async function createSession({ modelPath, shardPaths, signature }: Pick<TfjsStart, 'modelPath' | 'shardPaths' | 'signature'>): Promise<Session> {
  await startBackend();
  const model = await load(modelPath, shardPaths);
  return {
    outputNames: signature.outputs.map(({ name }) => name),
    async run(inputs, outputs) {
      // Whatever the run makes, also one that fails half-way, is disposed with its scope; there is one run at a time.
      engine().startScope();
      try {
        const feeds = Object.fromEntries(inputs.map((tensor) => [tensor.name, toTf(tensor)]));
        const results = await model.run(feeds, outputs);
        return await Promise.all(outputs.map((name, index) => outputOf(name, results[index], signature)));
      } catch (error) {
        throw refusalOf(error);
      } finally {
        engine().endScope();
      }
    },
  };
}

async function load(modelPath: string, shardPaths: TfjsStart['shardPaths']): Promise<Model> {
  const found = withFile(modelPath, readTfjs);
  const shards: ArrayBuffer[] = [];
  for (const path of found.groups.flatMap(({ paths }) => paths)) {
    const { buffer, byteOffset, byteLength } = await readFile(shardPaths[path] ?? '');
    // Large files come in memory of their own, small ones in a part of a pool.
    shards.push(byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength));
  }
  try {
    return await loadModel(found, shards);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('invalid_argument', 'model_not_loaded', `TF.js can't load the model: ${publicText(error)}`, { cause: error });
  }
}

/** In the datatype of the signature, which callers rely on, should the model's own be another. */
async function outputOf(name: string, value: TfTensor | undefined, { outputs }: TensorSignature): Promise<Tensor> {
  if (!value) throw new Fault('unprocessable', 'missing_output', `The model gave no output '${name}'.`);
  const declared = outputs.find((output) => output.name === name);
  const type = declared && tfType(declared.datatype);
  return fromTf(name, type && type !== value.dtype ? cast(value, type) : value);
}

function refusalOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === 'RuntimeError') {
    // A trap in the wasm module leaves it broken for every later call: the thread ends once this one is answered, and with it the process.
    setImmediate(() => {
      throw error;
    });
    return outOfMemory(error);
  }
  const kernel = /Kernel '(\w+)' not registered/.exec(text)?.[1];
  if (kernel !== undefined)
    return new Fault('unprocessable', 'unsupported_operation', `The model needs the operation ${kernel}, which TF.js' wasm backend doesn't have.`, { cause: error });
  return invalid(`The model can't compute these inputs: ${publicText(error)}`, 'inputs', 'inference_failed');
}
