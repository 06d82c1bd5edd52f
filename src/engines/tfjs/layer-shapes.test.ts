import { io, serialization } from '@tensorflow/tfjs-core';
import { input, layers, model, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { memorySource } from '../../model-files/byte-source.ts';
import { readTfjs } from '../../model-files/tfjs/index.ts';
import { LAYER_RULES } from '../../model-files/tfjs/layer-shapes.ts';
import { startBackend } from './backend.ts';

/** The reader's own shape rules against TF.js itself: both look at the same saved model. */
beforeAll(startBackend);

async function expectAgreement(built: LayersModel): Promise<void> {
  const artifacts = Promise.withResolvers<io.ModelArtifacts>();
  await built.save(
    io.withSaveHandler((saved) => {
      artifacts.resolve(saved);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  const { modelTopology, weightSpecs, weightData } = await artifacts.promise;
  const file = { format: 'layers-model', modelTopology, weightsManifest: [{ paths: ['w.bin'], weights: weightSpecs }] };
  const { signature, weights, groups } = readTfjs(memorySource(Buffer.from(JSON.stringify(file))));
  const shapes = (tensors: readonly { readonly shape: readonly (number | null)[] }[]) => tensors.map(({ shape }) => shape.map((size) => size ?? -1));
  expect({ inputs: shapes(signature.inputs), outputs: shapes(signature.outputs) }).toEqual({ inputs: shapes(built.inputs), outputs: shapes(built.outputs) });
  expect(signature.inputs.map(({ name }) => name)).toEqual(built.inputs.map(({ name }) => name));
  expect(weights.parameters).toBe(built.countParams());
  expect(groups[0]?.bytes).toBe((weightData as ArrayBuffer).byteLength);
}

type Layer = Parameters<ReturnType<typeof sequential>['add']>[0];
/** TF.js' orthogonal initializer needs its chained operations, which are not loaded here. */
const plain = { recurrentInitializer: 'glorotNormal' } as const;

test.each<[string, readonly (() => Layer)[]]>([
  [
    'images',
    [
      () => layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', inputShape: [28, 29, 1] }),
      () => layers.batchNormalization(),
      () => layers.maxPooling2d({ poolSize: 2 }),
      () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, dilationRate: 1 }),
      () => layers.separableConv2d({ filters: 4, kernelSize: [1, 2] }),
      () => layers.upSampling2d({ size: [2, 3] }),
      () => layers.zeroPadding2d({ padding: [[1, 2], [3, 4]] }), // prettier-ignore
      () => layers.cropping2D({ cropping: [[1, 1], [0, 2]] }), // prettier-ignore
      () => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 }),
      () => layers.averagePooling2d({ poolSize: [3, 2], strides: [1, 2], padding: 'same' }),
      () => layers.flatten(),
    ],
  ],
  ['images of any size', [() => layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [null, null, 3] }), () => layers.globalAveragePooling2d({})]],
  [
    'images, channels first',
    [() => layers.conv2d({ filters: 8, kernelSize: 3, dataFormat: 'channelsFirst', inputShape: [3, 9, 8] }), () => layers.globalMaxPooling2d({ dataFormat: 'channelsFirst' })],
  ],
  [
    'series',
    [
      () => layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', dilationRate: 2, inputShape: [20, 2] }),
      () => layers.averagePooling1d({ poolSize: 3 }),
      () => layers.globalMaxPooling1d(),
    ],
  ],
  [
    'volumes',
    [
      () => layers.conv3d({ filters: 2, kernelSize: 2, inputShape: [6, 6, 6, 1] }),
      () => layers.maxPooling3d({ poolSize: 2 }),
      () => layers.conv3dTranspose({ filters: 1, kernelSize: 2, strides: 2, padding: 'same' }),
    ],
  ],
  [
    'words',
    [
      () => layers.embedding({ inputDim: 50, outputDim: 8, inputLength: 12 }),
      () => layers.bidirectional({ layer: layers.lstm({ units: 5, returnSequences: true, ...plain }), mergeMode: 'concat' }),
      () => layers.gru({ units: 4, returnSequences: true, ...plain }),
      () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) }),
      () => layers.simpleRNN({ units: 2, ...plain }),
    ],
  ],
  [
    'other forms',
    [
      () => layers.reshape({ targetShape: [4, 6], inputShape: [24] }),
      () => layers.permute({ dims: [2, 1] }),
      () => layers.layerNormalization(),
      () => layers.prelu(),
      () => layers.flatten(),
      () => layers.repeatVector({ n: 3 }),
      () => layers.spatialDropout1d({ rate: 0.5 }),
      () => layers.dense({ units: 7, activation: 'softmax' }),
    ],
  ],
])('X22: shapes are those of TF.js after each layer: %s', async (_, makers) => {
  for (let count = 1; count <= makers.length; count += 1) {
    const built = sequential();
    for (const make of makers.slice(0, count)) built.add(make());
    await expectAgreement(built);
  }
});

test('X22: shapes are those of TF.js where layers meet, nest, or give several tensors', async () => {
  const [a, b] = [input({ shape: [8] }), input({ shape: [8], dtype: 'int32' })];
  const x = layers.dense({ units: 8 }).apply(a) as typeof a;
  const y = layers.dense({ units: 8 }).apply(b) as typeof a;
  const sum = layers.add().apply([x, y]) as typeof a;
  const joined = layers.concatenate().apply([sum, a, layers.multiply().apply([x, y]) as typeof a]) as typeof a;
  await expectAgreement(model({ inputs: [b, a], outputs: [joined, layers.dot({ axes: -1 }).apply([x, y]) as typeof a, layers.average().apply([x, y]) as typeof a] }));
  const steps = input({ shape: [5, 3] });
  await expectAgreement(model({ inputs: steps, outputs: layers.lstm({ units: 4, returnState: true, ...plain }).apply(steps) as (typeof a)[] }));
  const inner = sequential({ layers: [layers.dense({ units: 4, inputShape: [6] })] });
  const outer = input({ shape: [6] });
  await expectAgreement(model({ inputs: outer, outputs: layers.dense({ units: 3 }).apply(inner.apply(outer)) as typeof a }));
  await expectAgreement(sequential({ layers: [sequential({ layers: [layers.dense({ units: 4, inputShape: [6] })] }), layers.dense({ units: 2 })] }));
});

test('X20: every layer with a rule is one of TF.js’ own', () => {
  const known = serialization.SerializationMap.getMap().classNameMap;
  expect([...LAYER_RULES.keys()].filter((name) => known[name] === undefined)).toEqual([]);
});
