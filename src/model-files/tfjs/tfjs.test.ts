import { expect, test } from 'vitest';
import { Fault } from '../../contract/errors.ts';
import { seeded } from '../../../tests/seeded.ts';
import { memorySource } from '../byte-source.ts';
import { buildTfjs, buildTfjsGraph, dense, functional, GRAPH, input, layer, LINEAR, sequential, value, weight, type JsonObject, type TfjsParts } from '../testing/build-tfjs.ts';
import { refusalOf } from '../testing/refusal.ts';
import { isTfjsModel, readTfjs } from './index.ts';
import { checkShards } from './weights-manifest.ts';

const read = (bytes: Uint8Array) => readTfjs(memorySource(bytes));
const signatureOf = (topology: JsonObject) => read(buildTfjs({ topology })).signature;

const refusal = (bytes: Uint8Array) => refusalOf(() => read(bytes));

test('X22: a layers model gives its signature and its parameters', () => {
  expect(read(buildTfjs()).weights).toEqual({
    format: 'tfjs',
    architecture: 'tfjs (Sequential)',
    parameters: 8,
    parametersByType: { FP32: 8 },
    tensorBytes: 32,
    quantization: 'FP32',
    activations: { valuesPerRow: Math.ceil(5 * 1.25), indexBytes: 0, layerCalls: 1 },
    signature: { inputs: [{ name: 'y_input', datatype: 'FP32', shape: [-1, 3] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }] },
  });
});

test('X22: a graph model gives its signature, in the types that TF.js computes in', () => {
  const { weights, kind } = read(buildTfjsGraph());
  expect(kind).toBe('graph');
  expect(weights).toMatchObject({ architecture: 'tfjs (graph)', parameters: 9, tensorBytes: 36 });
  expect(weights.signature).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
    outputs: [
      { name: 'y', datatype: 'FP32', shape: [-1, 2] },
      { name: 'places', datatype: 'INT32', shape: [-1, 2] },
    ],
  });
  // A table comes with the model; the metadata's signature goes before the other.
  const signature = { inputs: { table: { dtype: 'DT_RESOURCE' }, text: value('t:0', [-1], 'DT_STRING') }, outputs: { n: value('n:0', [], 'DT_BOOL') } };
  expect(read(buildTfjsGraph({ userDefinedMetadata: { signature } })).signature).toEqual({
    inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
    outputs: [{ name: 'n', datatype: 'BOOL', shape: [] }],
  });
});

test('X22: a functional model of several inputs and outputs is followed along its connections, in any order', () => {
  const layers = [dense('both', 4), layer('Concatenate', 'joined', { axis: -1 }), input('a', [null, 3]), input('b', [null, 5], { dtype: 'int32' }), layer('Flatten', 'flat')];
  const topology = functional(layers, { both: [['joined']], joined: [['a', 'flat']], flat: [['b']] }, { inputs: ['b', 'a'], outputs: ['both', 'joined'] });
  expect(signatureOf(topology)).toEqual({
    inputs: [
      { name: 'b', datatype: 'INT32', shape: [-1, 5] },
      { name: 'a', datatype: 'FP32', shape: [-1, 3] },
    ],
    outputs: [
      { name: 'both', datatype: 'FP32', shape: [-1, 4] },
      { name: 'joined', datatype: 'FP32', shape: [-1, 8] },
    ],
  });
});

test('X22: a nested model is called as Keras counts its calls, from 1', () => {
  const inner = { ...sequential(dense('inner', 4, { batch_input_shape: [null, 3] })), name: 'sequential', inbound_nodes: [[['a', 0, 0, {}]]] };
  const outer = { ...dense('out', 2), name: 'out', inbound_nodes: [[['sequential', 1, 0, {}]]] };
  const topology = layer('Functional', 'm', { layers: [input('a', [null, 3]), inner, outer], input_layers: [['a', 0, 0]], output_layers: [['out', 0, 0]] });
  expect(signatureOf(topology).outputs[0]).toMatchObject({ name: 'out', shape: [-1, 2] });
});

test('X22: quantized weights count as they are stored', () => {
  const weights = [
    weight('a', [10], 'float32', { quantization: { dtype: 'uint8', scale: 0.1, min: -1 } }),
    weight('b', [3], 'float32', { quantization: { dtype: 'float16' } }),
    weight('c', [2], 'int32', { quantization: { dtype: 'uint16', scale: 1, min: 0 } }),
    weight('d', [], 'bool'),
  ];
  expect(read(buildTfjs({ weights })).weights).toMatchObject({ parametersByType: { UINT8: 10, FP16: 3, UINT16: 2, BOOL: 1 }, tensorBytes: 21, quantization: 'UINT8' });
});

test('X20: what a layer does is known before it is loaded; code, unknown classes and state between calls are refused', () => {
  const after = (...layers: JsonObject[]) => buildTfjs({ topology: sequential(input('x', [null, 3]), ...layers) });
  for (const name of ['Lambda', 'TFOpLambda', 'Custom>Mine', 'constructor', '__proto__', 'Resizing'])
    expect(refusal(after(layer(name, 'l', { function: 'os.system' }))).code).toBe('unsupported_layer');
  expect(refusal(after(layer('TimeDistributed', 't', { layer: layer('Lambda', 'l') })))).toMatchObject({ code: 'malformed_weights' });
  expect(refusal(after(layer('RepeatVector', 'r', { n: 2 }), layer('TimeDistributed', 't', { layer: layer('Lambda', 'l') }))).code).toBe('unsupported_layer');
  expect(refusal(after(layer('RepeatVector', 'r', { n: 2 }), layer('LSTM', 'l', { units: 2, stateful: true }))).message).toContain('keeps state');
  const node = [...GRAPH.topology.node, { name: 'v', op: 'VarHandleOp' }];
  expect(refusal(buildTfjs({ topology: { node }, more: { format: 'graph-model' } })).message).toContain('between calls');
});

const after = (...layers: JsonObject[]): TfjsParts => ({ topology: sequential(input('x', [null, 8, 8, 2]), ...layers) });
const connected = (from: unknown, outputs: unknown = [['d', 0, 0]]): TfjsParts => ({
  topology: layer('Functional', 'm', { layers: [input('x', [null, 3]), { ...dense('d', 2), inbound_nodes: [[from]] }], input_layers: [['x', 0, 0]], output_layers: outputs }),
});

test.each<[string, TfjsParts]>([
  ['its format is "pickle"', { more: { format: 'pickle' } }],
  ['no object "modelTopology"', { topology: [] }],
  ['no list "weightsManifest"', { more: { weightsManifest: {} } }],
  ['a group of weights is no object', { more: { weightsManifest: [null] } }],
  ['not a flat file name', { paths: ['../../etc/passwd'] }],
  ['not a flat file name', { paths: ['/etc/passwd'] }],
  ['not a flat file name', { paths: ['https://example.org/w.bin'] }],
  ['not a flat file name', { paths: ['..'] }],
  ['not a flat file name', { paths: [7] }],
  ['named twice', { paths: ['a.bin', 'a.bin'] }],
  ['a weight is no object', { weights: ['w'] }],
  ['has no text "name"', { weights: [weight('', [1])] }],
  ['occurs twice', { weights: [weight('w', [1]), weight('w', [1])] }],
  ['has the type "string"', { weights: [weight('w', [1], 'string')] }],
  ['has the type "toString"', { weights: [weight('w', [1], 'toString')] }],
  ['no valid shape', { weights: [weight('w', [-1])] }],
  ['no valid shape', { weights: [weight('w', [1.5])] }],
  [
    'no valid shape',
    {
      weights: [
        weight(
          'w',
          Array.from({ length: 17 }, () => 1),
        ),
      ],
    },
  ],
  ['impossible shape', { weights: [weight('w', [2 ** 40, 2 ** 40])] }],
  ['quantization that is no object', { weights: [weight('w', [1], 'float32', { quantization: null })] }],
  ["which TF.js doesn't have", { weights: [weight('w', [1], 'int32', { quantization: { dtype: 'float16' } })] }],
  ['without a scale', { weights: [weight('w', [1], 'float32', { quantization: { dtype: 'uint8', min: 0 } })] }],
  ['not a model', { topology: dense('d', 2) }],
  ['has no layers', { topology: sequential() }],
  ['no batch_input_shape', { topology: sequential(dense('d', 2)) }],
  ['Keras 3', { topology: sequential(layer('InputLayer', 'x', { batch_shape: [null, 3] })) }],
  ['have the type "float16"', { topology: sequential(input('x', [null, 3], { dtype: 'float16' })) }],
  ['"units" is not a whole number', after(dense('d', -1))],
  ['"units" is not a whole number', after(dense('d', 2 ** 31))],
  ['must have 2 numbers', after(layer('Conv2D', 'c', { filters: 1, kernel_size: [1, 2, 3] }))],
  ['must have 3 dimensions', after(layer('Conv1D', 'c', { filters: 1, kernel_size: 1 }))],
  ['larger than its input', after(layer('Conv2D', 'c', { filters: 1, kernel_size: 9 }))],
  ['impossible shape', after(layer('Cropping2D', 'c', { cropping: 5 }))],
  ['is not one of valid, same', after(layer('Conv2D', 'c', { filters: 1, kernel_size: 1, padding: 'constructor' }))],
  ['has no dimension', after(layer('Permute', 'p', { dims: [1, 2, 9] }))],
  ['too large', after(layer('UpSampling2D', 'u', { size: 2 ** 22 }), layer('Flatten', 'f'))],
  ['takes one input and has 2', { topology: functional([input('a', [null, 3]), dense('d', 2)], { d: [['a', 'a']] }, { inputs: ['a'], outputs: ['d'] }) }],
  ["don't fit", { topology: functional([input('a', [null, 3]), input('b', [null, 4]), layer('Add', 's')], { s: [['a', 'b']] }, { inputs: ['a', 'b'], outputs: ['s'] }) }],
  ['same name', { topology: functional([input('a', [null, 3]), dense('a', 2)], {}, { inputs: ['a'], outputs: ['a'] }) }],
  ['not one of its InputLayers', { topology: functional([dense('a', 2)], {}, { inputs: ['a'], outputs: ['a'] }) }],
  ['comes from nowhere', connected(['nobody', 0, 0])],
  ['comes from nowhere', connected(['d', 0, 0])],
  ['comes from nowhere', connected(['x', 0, 0], [['d', 1, 0]])],
  ['is not [layer, call, output]', connected(['x', '0', 0])],
  [
    'Keras 3',
    {
      topology: layer('Functional', 'm', {
        layers: [input('x', [1]), { ...dense('d', 2), inbound_nodes: [{ args: [] }] }],
        input_layers: [['x', 0, 0]],
        output_layers: [['d', 0, 0]],
      }),
    },
  ],
])('X22: refused: %s', (text, parts) => {
  expect(refusal(buildTfjs(parts)).message).toContain(text);
});

test('X22: models that nest without end, and files that are no model.json, are clean refusals', () => {
  let topology = sequential(dense('d', 2, { batch_input_shape: [null, 3] }));
  for (let depth = 0; depth < 12; depth += 1) topology = sequential(topology);
  expect(refusal(buildTfjs({ topology })).message).toContain('nest deeper');
  expect(refusal(Buffer.from(`{"weightsManifest":${'['.repeat(250_000)}`)).message).toContain('nests deeper');
  for (const text of ['{', '[]', 'null', '']) expect(refusal(Buffer.from(text)).message).toContain('not a JSON object');
  expect(refusal(Buffer.alloc((16 << 20) + 1, 0x20)).message).toContain('at most');
  // Each model calls the next one a thousand times: the work is bounded, not only the depth.
  for (let depth = 0; depth < 6; depth += 1) {
    const calls = Array.from({ length: 1000 }, () => [['x', 0, 0]]);
    topology = layer('Functional', 'm', {
      layers: [input('x', [null, 3]), { ...(depth === 0 ? dense('n', 3) : { ...topology, config: { ...(topology['config'] as object), name: 'n' } }), inbound_nodes: calls }],
      input_layers: [['x', 0, 0]],
      output_layers: [['n', 0, 0]],
    });
  }
  expect(refusal(buildTfjs({ topology })).message).toContain('connections');
});

test('X22: graph models without a usable signature are told what to do', () => {
  const signed = (outputs: unknown, inputs: unknown = {}) => refusal(buildTfjsGraph({ signature: { inputs, outputs } }));
  expect(refusal(buildTfjsGraph({ signature: null }))).toMatchObject({ code: 'unsupported_signature', message: expect.stringContaining('tensorflowjs_converter') as string });
  expect(signed({ y: { dtype: 'DT_FLOAT', tensorShape: { unknownRank: true } } }).code).toBe('unsupported_signature');
  expect(signed({ y: { dtype: 'DT_COMPLEX64', tensorShape: {} } }).code).toBe('unsupported_signature');
  expect(signed({ y: { dtype: 'toString', tensorShape: {} } }).code).toBe('unsupported_signature');
  expect(signed({}).message).toContain('0 outputs');
  expect(signed({ y: { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '1e400' }] } } }).message).toContain('impossible dimension');
  expect(refusal(buildTfjs({ topology: { node: [{}] }, more: { format: 'graph-model' } })).message).toContain('no text "op"');
});

test('X22: shards must be there and hold what is declared', () => {
  const { groups } = read(buildTfjs({ paths: ['a.bin', 'b.bin'] }));
  const sizes = (a: number, b?: number) => () => checkShards(groups, (path) => (path === 'a.bin' ? a : b));
  expect(sizes(20, 12)).not.toThrow();
  expect(sizes(20, 13)).toThrow('have 33 bytes; the weights in them need 32');
  expect(sizes(20)).toThrow('"b.bin", which model.json names, is missing');
});

test('X20: a model.json is known by what it holds, not by its name', () => {
  expect(isTfjsModel(memorySource(buildTfjs()))).toBe(true);
  for (const text of ['{"labels": ["a"]}', '["weightsManifest"]', '']) expect(isTfjsModel(memorySource(Buffer.from(text)))).toBe(false);
});

const STRANGE: readonly unknown[] = [null, true, -1, 0, 1.5, 2 ** 53, 1e308, '', '__proto__', 'constructor', '../x', [], {}, [[]], 'x'.repeat(5000)];

/** Puts something strange in one place of a tree; which one, `next` says. */
function disturb(node: unknown, next: (below: number) => number): unknown {
  if (typeof node !== 'object' || node === null || next(6) === 0) return STRANGE[next(STRANGE.length)];
  if (Array.isArray(node)) return node.length === 0 ? STRANGE : node.with(next(node.length), disturb(node[next(node.length)], next));
  const keys = Object.keys(node);
  const key = keys[next(keys.length)] ?? 'name';
  return { ...node, [key]: disturb((node as JsonObject)[key], next) };
}

test('X22: 5,000 mutated models, by bytes and by values, give an answer or a Fault', () => {
  const uniform = seeded(20_260_102);
  const next = (below: number) => Math.floor(uniform() * below);
  const seeds = [
    buildTfjs(),
    buildTfjsGraph(),
    buildTfjs({ topology: functional([input('a', [null, 6]), dense('d', 6), layer('Add', 's')], { d: [['a']], s: [['a', 'd']] }, { inputs: ['a'], outputs: ['s'] }) }),
    buildTfjs({
      topology: sequential(input('x', [null, 8, 8, 2]), layer('Conv2D', 'c', { filters: 2, kernel_size: [3, 3], strides: [2, 2], padding: 'same' }), layer('Flatten', 'f')),
      weights: LINEAR.weights,
    }),
  ];
  let refused = 0;
  for (let round = 0; round < 5_000; round += 1) {
    let bytes = Buffer.from(seeds[round % seeds.length]!);
    if (round % 3 === 0) for (let n = 1 + next(4); n > 0; n -= 1) bytes[next(bytes.length)] = next(2) === 0 ? 0x20 + next(95) : next(256);
    else bytes = Buffer.from(JSON.stringify(disturb(JSON.parse(bytes.toString()), next)) ?? '');
    if (next(8) === 0) bytes = bytes.subarray(0, next(bytes.length));
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'invalid_argument') throw new Error(`round ${round} threw something else: ${bytes.toString()}`, { cause: error });
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(2_500);
});
