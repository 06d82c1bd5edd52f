import { elementsOf } from '../tally.ts';
import { CONVOLUTIONS } from './layer-shapes-spatial.ts';
import type { Layer, Shape } from './layer-config.ts';

/** Output shapes of Keras' layers, as TF.js 4.22 computes them (`computeOutputShape` of each class). */

/** `apply` runs the rule of a layer inside this one. */
export type Apply = (layer: Layer, inputs: readonly Shape[]) => readonly Shape[];
type Rule = (layer: Layer, inputs: readonly Shape[], apply: Apply) => readonly Shape[];

/** For the layers that take one tensor and give one. */
const one =
  (rule: (layer: Layer, input: Shape) => Shape): Rule =>
  (layer, inputs) => {
    const [input, second] = inputs;
    if (!input || second) throw layer.fail(`it takes one input and has ${inputs.length}`);
    return [rule(layer, input)];
  };

const same: Rule = (_, inputs) => inputs.slice(0, 1);

const ACTIVATIONS = ['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'PReLU', 'ThresholdedReLU', 'Softmax'];
const NOISE = ['Dropout', 'SpatialDropout1D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise'];
const SCALING = ['BatchNormalization', 'LayerNormalization', 'Masking', 'Rescaling'];
const ELEMENTWISE = ['Add', 'Multiply', 'Average', 'Maximum', 'Minimum'];
const RECURRENT = ['SimpleRNN', 'GRU', 'LSTM'];

export const LAYER_RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...[...ACTIVATIONS, ...NOISE, ...SCALING].map((name): [string, Rule] => [name, same]),
  ...ELEMENTWISE.map((name): [string, Rule] => [name, elementwise]),
  ...RECURRENT.map((name): [string, Rule] => [name, recurrent]),
  ...Object.entries(CONVOLUTIONS).map(([name, rule]): [string, Rule] => [name, one(rule)]),
  ['Dense', one((layer, input) => [...input.slice(0, -1), layer.whole('units')])],
  ['Flatten', one((layer, [rows = -1, ...rest]) => [rows, product(layer, rest)])],
  ['Reshape', one(reshape)],
  ['Permute', one((layer, input) => [input[0] ?? -1, ...layer.axes('dims').map((at) => dimension(layer, input, at))])],
  ['RepeatVector', one((layer, [rows = -1, ...rest]) => [rows, layer.whole('n'), ...rest])],
  ['Embedding', one(embedding)],
  ['Concatenate', concatenate],
  ['Dot', dot],
  ['Bidirectional', bidirectional],
  ['TimeDistributed', timeDistributed],
]);

function product(layer: Layer, sizes: Shape): number {
  if (sizes.includes(-1)) return -1;
  const elements = elementsOf(sizes);
  if (elements === undefined) throw layer.fail('its output is too large');
  return elements;
}

/** @param at may count from the end, as axes do */
function dimension(layer: Layer, shape: Shape, at: number): number {
  const size = shape.at(at);
  if (size === undefined) throw layer.fail(`its input of ${shape.length} dimensions has no dimension ${at}`);
  return size;
}

function reshape(layer: Layer, [rows = -1, ...rest]: Shape): Shape {
  const target = layer.shape('target_shape');
  const total = product(layer, rest);
  const known = product(
    layer,
    target.filter((size) => size !== -1),
  );
  return [rows, ...target.map((size) => (size === -1 && total !== -1 && known > 0 ? Math.floor(total / known) : size))];
}

function embedding(layer: Layer, [rows = -1, ...rest]: Shape): Shape {
  const declared = layer.has('input_length') ? layer.sizes('input_length', rest.length) : rest;
  return [rows, ...declared, layer.whole('output_dim')];
}

/** Broadcasting as NumPy does it, the rows aside. */
function elementwise(layer: Layer, inputs: readonly Shape[]): readonly Shape[] {
  const [first, ...others] = inputs.map((shape) => shape.slice(1));
  if (!first) throw layer.fail('it has no input');
  const rest = others.reduce<Shape>((sum, shape) => broadcast(layer, sum, shape), first);
  return [[rowsOf(inputs), ...rest]];
}

function rowsOf(inputs: readonly Shape[]): number {
  const rows = new Set(inputs.map(([size = -1]) => size).filter((size) => size !== -1));
  return rows.size === 1 ? ([...rows][0] ?? -1) : -1;
}

function broadcast(layer: Layer, one: Shape, other: Shape): Shape {
  const [long, short] = one.length >= other.length ? [one, other] : [other, one];
  const offset = long.length - short.length;
  return long.map((size, index) => {
    const beside = index < offset ? 1 : (short[index - offset] ?? 1);
    if (size === -1 || beside === -1) return -1;
    if (size !== beside && size !== 1 && beside !== 1) throw layer.fail(`its inputs [${one.join(',')}] and [${other.join(',')}] don't fit`);
    return Math.max(size, beside);
  });
}

function concatenate(layer: Layer, inputs: readonly Shape[]): readonly Shape[] {
  const [first] = inputs;
  if (!first) throw layer.fail('it has no input');
  const [axis = -1] = layer.has('axis') ? layer.axes('axis') : [];
  const sizes = inputs.map((shape) => dimension(layer, shape, axis));
  return [first.with(axis, sizes.includes(-1) ? -1 : sizes.reduce((sum, size) => sum + size, 0))];
}

function dot(layer: Layer, inputs: readonly Shape[]): readonly Shape[] {
  const [left, right] = inputs;
  if (!left || !right) throw layer.fail('it takes two inputs');
  const axes = layer.axes('axes');
  const without = (shape: Shape, axis = -1) => {
    dimension(layer, shape, axis); // refuses an axis that isn't there
    return shape.toSpliced(axis, 1);
  };
  const sizes = [...without(left, axes[0]), ...without(right, axes.at(-1)).slice(1)];
  return [sizes.length === 1 ? [...sizes, 1] : sizes];
}

function recurrent(layer: Layer, [input]: readonly Shape[]): readonly Shape[] {
  if (input?.length !== 3) throw layer.fail('its input must have three dimensions');
  const [rows = -1, steps = -1] = input;
  const units = layer.whole('units');
  const states = layer.flag('return_state') ? Array.from({ length: layer.className === 'LSTM' ? 2 : 1 }, () => [rows, units]) : [];
  return [layer.flag('return_sequences') ? [rows, steps, units] : [rows, units], ...states];
}

function bidirectional(layer: Layer, inputs: readonly Shape[], apply: Apply): readonly Shape[] {
  const [output = [], ...states] = apply(layer.inner('layer'), inputs);
  const merge = layer.has('merge_mode') ? layer.word('merge_mode', ['concat', 'sum', 'mul', 'ave']) : undefined;
  if (merge === undefined) return [output, output, ...states, ...states];
  return [merge === 'concat' ? [...output.slice(0, -1), Math.max(-1, 2 * dimension(layer, output, -1))] : output, ...states, ...states];
}

function timeDistributed(layer: Layer, [input]: readonly Shape[], apply: Apply): readonly Shape[] {
  if (!input || input.length < 3) throw layer.fail('its input must have three dimensions or more');
  const [rows = -1, steps = -1, ...rest] = input;
  const [[, ...output] = []] = apply(layer.inner('layer'), [[rows, ...rest]]);
  return [[rows, steps, ...output]];
}
