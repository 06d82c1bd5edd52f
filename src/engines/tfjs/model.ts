import type { io, Tensor as TfTensor } from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { Fault } from '../../contract/errors.ts';
import type { TensorSignature } from '../../contract/tensor.ts';
import type { TfjsModel } from '../../model-files/tfjs/index.ts';

/** Sets of outputs that are remembered; callers choose them. */
const DYNAMIC_MAX = 64;

/** The two kinds of models behind one face. Tensors are made and disposed by the caller. */
export interface Model {
  /** @param inputs by the signature's names */
  run(inputs: Readonly<Record<string, TfTensor>>, outputs: readonly string[]): Promise<readonly TfTensor[]>;
}

/** @param shards what the groups' files hold, in the order of model.json */
export async function loadModel({ kind, json, groups, signature }: TfjsModel, shards: readonly ArrayBuffer[]): Promise<Model> {
  const artifacts = {
    ...json,
    weightSpecs: groups.flatMap(({ weights }) => weights) as unknown as io.WeightsManifestEntry[],
    weightData: [...shards],
  } as io.ModelArtifacts;
  // How it was trained is of no use here.
  delete artifacts.trainingConfig;
  const handler: io.IOHandler = { load: () => Promise.resolve(artifacts) };
  const model = await (kind === 'layers' ? layersModel(handler, signature) : graphModel(handler));
  // A graph model keeps what it was made of; by now the weights are in the backend's memory.
  delete artifacts.weightData;
  return model;
}

/** Keras' inputs and outputs are in an order; the signature's names were given in the same. */
async function layersModel(handler: io.IOHandler, { inputs, outputs }: TensorSignature): Promise<Model> {
  const model = await loadLayersModel(handler);
  const pairs = [
    [inputs, model.inputs],
    [outputs, model.outputs],
  ] as const;
  for (const [declared, found] of pairs) {
    for (const [index, { name, shape }] of declared.entries()) {
      if (!isLike(shape, found[index]?.shape)) throw differs(name, shape, found[index]?.shape);
    }
  }
  return {
    run(feeds, wanted) {
      const values = inputs.flatMap(({ name }) => feeds[name] ?? []);
      const results = [model.predictOnBatch(values)].flat();
      return Promise.resolve(wanted.flatMap((name) => results[outputs.findIndex((output) => output.name === name)] ?? []));
    },
  };
}

async function graphModel(handler: io.IOHandler): Promise<Model> {
  const model = await loadGraphModel(handler);
  // Only a run tells whether some outputs need operations whose results have no fixed size.
  const dynamic = new Set<string>();
  return {
    async run(feeds, wanted) {
      const names = [...wanted];
      const key = names.toSorted().join('\n');
      if (!dynamic.has(key)) {
        try {
          return [model.execute({ ...feeds }, names)].flat();
        } catch (error) {
          if (!(error instanceof Error) || !error.message.includes('executeAsync')) throw error;
          if (dynamic.size >= DYNAMIC_MAX) dynamic.clear();
          dynamic.add(key);
        }
      }
      return [await model.executeAsync({ ...feeds }, names)].flat();
    },
  };
}

function isLike(declared: readonly number[], found: readonly (number | null)[] | undefined): boolean {
  return found?.length === declared.length && declared.every((size, index) => size === -1 || (found[index] ?? -1) === -1 || size === found[index]);
}

function differs(name: string, declared: readonly number[], found: readonly (number | null)[] | undefined): Fault {
  const text = (shape: readonly (number | null)[] = []) => `[${shape.map((size) => size ?? -1).join(',')}]`;
  return new Fault('invalid_argument', 'model_not_loaded', `TF.js finds that '${name}' has the shape ${text(found)}, not ${text(declared)} as its manifest says.`);
}
