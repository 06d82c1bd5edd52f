import { io, train } from '@tensorflow/tfjs-core';
import { initializers, layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { CLASSES, type Examples, INPUTS } from './data.ts';

/** A trained model as the files that a publisher uploads. */
export interface DefinedModel {
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  readonly parameters: number;
  readonly loss: number;
}

/** The article's network: 1000 → 128 relu → 10 softmax, trained here with Adam on what it is given. */
export async function defineModel({ inputs, targets }: Examples, epochs: number): Promise<DefinedModel> {
  const network = sequential({
    layers: [
      layers.dense({ units: 128, activation: 'relu', inputShape: [INPUTS], name: 'hidden', kernelInitializer: initializers.glorotUniform({ seed: 1 }) }),
      layers.dense({ units: CLASSES, activation: 'softmax', name: 'probabilities', kernelInitializer: initializers.glorotUniform({ seed: 2 }) }),
    ],
  });
  network.compile({ optimizer: train.adam(0.0005), loss: 'categoricalCrossentropy' });
  const { history } = await network.fit(inputs, targets, { epochs, batchSize: 64, shuffle: false, yieldEvery: 'never' });
  return { files: await filesOf(network), parameters: network.countParams(), loss: Number(history['loss']?.at(-1)) };
}

/** What `model.save` writes where there is a file system: model.json and the weights that it names. */
async function filesOf(network: LayersModel): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const saved = Promise.withResolvers<io.ModelArtifacts>();
  const modelArtifactsInfo = { dateSaved: new Date(0), modelTopologyType: 'JSON' } as const;
  await network.save(io.withSaveHandler((artifacts) => (saved.resolve(artifacts), Promise.resolve({ modelArtifactsInfo }))));
  const { weightData, weightSpecs, modelTopology, format, generatedBy } = await saved.promise;
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  const json = JSON.stringify({ format, generatedBy, modelTopology, weightsManifest });
  return { 'model.json': new TextEncoder().encode(json), 'weights.bin': new Uint8Array(weightData as ArrayBuffer) };
}
