/** Small, hand-made, valid TF.js models for tests: what `model.save` and the converter write. */

export type JsonObject = Readonly<Record<string, unknown>>;

export const layer = (className: string, name: string, config: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  class_name: className,
  config: { name, ...config },
  ...more,
});

/** A dense layer without an activation. */
export const dense = (name: string, units: number, config: JsonObject = {}): JsonObject => layer('Dense', name, { units, activation: 'linear', use_bias: true, ...config });

export const input = (name: string, shape: readonly (number | null)[], config: JsonObject = {}): JsonObject =>
  layer('InputLayer', name, { batch_input_shape: shape, dtype: 'float32', sparse: false, ...config }, { name, inbound_nodes: [] });

export const sequential = (...layers: readonly JsonObject[]): JsonObject => layer('Sequential', 'sequential', { layers });

/** @param calls layer name → for each of its calls, the layers that it takes its inputs from */
export function functional(
  layers: readonly JsonObject[],
  calls: Readonly<Record<string, readonly (readonly string[])[]>>,
  ports: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): JsonObject {
  const reference = (name: string) => [name, 0, 0];
  const connected = layers.map((each) => {
    const name = String((each['config'] as JsonObject)['name']);
    return { ...each, name, inbound_nodes: (calls[name] ?? []).map((call) => call.map((from) => [...reference(from), {}])) };
  });
  return layer('Functional', 'model', { layers: connected, input_layers: ports.inputs.map(reference), output_layers: ports.outputs.map(reference) });
}

export const weight = (name: string, shape: readonly number[], dtype = 'float32', more: JsonObject = {}): JsonObject => ({ name, shape, dtype, ...more });

export interface TfjsParts {
  readonly topology?: unknown;
  readonly weights?: readonly unknown[];
  readonly paths?: readonly unknown[];
  /** More top-level fields, or other values for the usual ones. */
  readonly more?: JsonObject;
}

/** y = x · w + b, where w is 3 × 2 and x any number of rows. Its 8 weights fill 32 bytes. */
export const LINEAR = {
  topology: { keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js', model_config: sequential(dense('y', 2, { batch_input_shape: [null, 3], dtype: 'float32' })) },
  weights: [weight('y/kernel', [3, 2]), weight('y/bias', [2])],
};
export const LINEAR_SHARD = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6, 0.5, -0.5).buffer);

export function buildTfjs({ topology = LINEAR.topology, weights = LINEAR.weights, paths = ['group1-shard1of1.bin'], more = {} }: TfjsParts = {}): Buffer {
  return Buffer.from(JSON.stringify({ format: 'layers-model', generatedBy: 'a test', convertedBy: null, modelTopology: topology, weightsManifest: [{ paths, weights }], ...more }));
}

const dims = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: String(size) })) });
export const value = (name: string, shape: readonly number[], dtype = 'DT_FLOAT'): JsonObject => ({ name, dtype, tensorShape: dims(shape) });
const float = { type: 'DT_FLOAT' };

/** The same as a converted SavedModel, and beside it the rows and columns where y is above 0: an output whose size the data decide. */
export const GRAPH = {
  topology: {
    node: [
      { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: { shape: dims([-1, 3]) } } },
      { name: 'w', op: 'Const', attr: { dtype: float, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: dims([3, 2]) } } } },
      { name: 'b', op: 'Const', attr: { dtype: float, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: dims([2]) } } } },
      { name: 'zero', op: 'Const', attr: { dtype: float, value: { tensor: { dtype: 'DT_FLOAT', tensorShape: dims([]) } } } },
      { name: 'product', op: 'MatMul', input: ['x', 'w'], attr: { transpose_a: { b: false }, transpose_b: { b: false }, T: float } },
      { name: 'sum', op: 'AddV2', input: ['product', 'b'], attr: { T: float } },
      { name: 'above', op: 'Greater', input: ['sum', 'zero'], attr: { T: float } },
      { name: 'places', op: 'Where', input: ['above'], attr: { T: { type: 'DT_BOOL' } } },
    ],
    library: {},
    versions: { producer: 1 },
  },
  weights: [weight('w', [3, 2]), weight('b', [2]), weight('zero', [])],
  signature: { inputs: { x: value('x:0', [-1, 3]) }, outputs: { y: value('sum:0', [-1, 2]), places: value('places:0', [-1, 2], 'DT_INT64') } },
};
export const GRAPH_SHARD = Buffer.concat([LINEAR_SHARD, Buffer.alloc(4)]);

export function buildTfjsGraph(more: JsonObject = {}): Buffer {
  return buildTfjs({ topology: GRAPH.topology, weights: GRAPH.weights, more: { format: 'graph-model', signature: GRAPH.signature, ...more } });
}
