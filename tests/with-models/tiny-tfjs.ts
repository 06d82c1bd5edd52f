import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io, setBackend } from '@tensorflow/tfjs-core';
import { input, layers, model as functional, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Layers models with random weights, for what a run of them takes. */
export async function startTfjs(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm');
  await setBackend('wasm');
}

/** What `model.save` writes where there is a file system. @returns the folder */
export async function saveLayers(folder: string, name: string, model: LayersModel): Promise<string> {
  const saved = Promise.withResolvers<io.ModelArtifacts>();
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved.resolve(artifacts);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
    }),
  );
  const { weightData, weightSpecs, modelTopology, format, generatedBy } = await saved.promise;
  const path = join(folder, name);
  await mkdir(path);
  await writeFile(join(path, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  await writeFile(join(path, 'model.json'), JSON.stringify({ format, generatedBy, convertedBy: null, modelTopology, weightsManifest }));
  return path;
}

export function mlp(inputs: number, hidden: number): LayersModel {
  return sequential({ layers: [layers.dense({ units: hidden, inputShape: [inputs], activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' })] });
}

/** Plain convolutions: large images, few weights. */
export function convolutions(pixels: number, filters: number, count: number): LayersModel {
  const each = () => layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' });
  const first = layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [pixels, pixels, 3] });
  return sequential({ layers: [first, ...Array.from({ length: count - 1 }, each), layers.globalAveragePooling2d({}), layers.dense({ units: 10 })] });
}

/** Inverted residuals as in MobileNetV2: wide tensors inside each block, normalised and cut at 6, and a sum around it. */
export function mobileNet(pixels: number, blocks: number): LayersModel {
  const image = input({ shape: [pixels, pixels, 3] });
  let x = unit(layers.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false }).apply(image) as SymbolicTensor);
  for (let block = 0; block < blocks; block += 1) {
    const wide = unit(layers.conv2d({ filters: 96, kernelSize: 1, useBias: false }).apply(x) as SymbolicTensor);
    const deep = unit(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }).apply(wide) as SymbolicTensor);
    const narrow = layers.conv2d({ filters: 16, kernelSize: 1, useBias: false }).apply(deep) as SymbolicTensor;
    x = layers.add().apply([x, layers.batchNormalization().apply(narrow) as SymbolicTensor]) as SymbolicTensor;
  }
  return functional({ inputs: image, outputs: layers.dense({ units: 100 }).apply(layers.globalAveragePooling2d({}).apply(x)) as SymbolicTensor });
}

function unit(x: SymbolicTensor): SymbolicTensor {
  return layers.reLU({ maxValue: 6 }).apply(layers.batchNormalization().apply(x)) as SymbolicTensor;
}
