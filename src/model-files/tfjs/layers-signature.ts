import { Fault } from '../../contract/errors.ts';
import type { Datatype, TensorSignature, TensorSpec } from '../../contract/tensor.ts';
import { fieldOf, isRecord, malformed, quoted, recordOf, type Json } from './fields.ts';
import { isModel, Layer, type Shape } from './layer-config.ts';
import { LAYER_RULES } from './layer-shapes.ts';
import { indexBytesOf, heapValues, type RunMemory, type Step } from './live-values.ts';

/**
 * What a Keras model takes and gives, from its layers alone: its file names no output shapes. Runs the layers' shape rules along the
 * model's connections; a layer that has no rule is refused here, before anything of it is loaded.
 */

const NESTING_MAX = 8;
/** Layers looked at, those of nested models and those that wait for their inputs included. */
const STEPS_MAX = 1 << 20;
const DIMENSIONS_MAX = 16;

const DATATYPES: Readonly<Record<string, Datatype>> = { float32: 'FP32', int32: 'INT32', bool: 'BOOL', string: 'BYTES' };

interface Tensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly { readonly name: string; readonly shape: Shape }[];
  /** Values that a run of one row needs the heap to hold. */
  readonly values: number;
}

interface Walk {
  readonly depth: number;
  readonly steps: { left: number };
  /** What convolutions keep, and how many layers run. */
  readonly index: { bytes: number; calls: number };
}

/** @throws Fault for an unknown class of layer, for layers that keep state between calls, and for connections that lead nowhere */
export function readLayersSignature(modelJson: Json): TensorSignature & { readonly className: string; readonly memory: RunMemory } {
  const topology = recordOf(modelJson, 'modelTopology', 'model.json');
  const model = new Layer(fieldOf(topology, 'model_config') ?? topology);
  const index = { bytes: 0, calls: 0 };
  const { inputs, outputs, values } = infer(model, undefined, { depth: 0, steps: { left: STEPS_MAX }, index });
  if (inputs.length === 0 || outputs.length === 0) throw malformed(`it has ${inputs.length} inputs and ${outputs.length} outputs`);
  for (const ports of [inputs, outputs])
    if (new Set(ports.map(({ name }) => name)).size !== ports.length) throw malformed('two of its inputs or of its outputs have the same name');
  // The engine casts what it gives to this type, which is nearly always what it has.
  return {
    className: model.className,
    inputs,
    outputs: outputs.map(({ name, shape }) => ({ name, datatype: 'FP32', shape })),
    memory: { values, indexBytes: index.bytes, layerCalls: index.calls },
  };
}

/** @param given shapes of the inputs where the model is a layer of another; else its own declarations count */
function infer(model: Layer, given: readonly Shape[] | undefined, walk: Walk): Tensors {
  if (walk.depth > NESTING_MAX) throw malformed(`models nest deeper than ${NESTING_MAX}`);
  if (!isModel(model)) throw malformed(`it is of the class ${quoted(model.className)}, not a model`);
  const layers = model.list('layers').map((layer) => new Layer(layer));
  return model.className === 'Sequential' ? sequential(layers, given, walk) : functional(model, layers, { given, walk });
}

function sequential(layers: readonly Layer[], given: readonly Shape[] | undefined, walk: Walk): Tensors {
  const [first, ...rest] = layers;
  if (!first) throw malformed('a Sequential model has no layers');
  const start = startOf(first, given, walk);
  let { outputs } = start;
  const keys = (shapes: readonly Shape[], at: number) => shapes.map((_, index) => keyOf('', at, index));
  const shapesOf = () => outputs.map(({ shape }) => shape);
  const known = new Map(keys(shapesOf(), 0).map((key, index) => [key, outputs[index]?.shape ?? []]));
  const steps: Step[] = [];
  for (const layer of first.className === 'InputLayer' || isModel(first) ? rest : layers) {
    const before = keys(shapesOf(), steps.length);
    const { shapes, inside } = apply(layer, shapesOf(), walk);
    outputs = shapes.map((shape, index) => ({ name: portName(layer.name, index), shape }));
    const after = keys(shapes, steps.length + 1);
    for (const [index, key] of after.entries()) known.set(key, shapes[index] ?? []);
    steps.push({ layer, inputs: before, outputs: after, inside });
  }
  return { inputs: start.inputs, outputs, values: Math.max(start.values, heapValues(steps, known, new Set(keys(shapesOf(), steps.length)))) };
}

function startOf(first: Layer, given: readonly Shape[] | undefined, walk: Walk): Tensors {
  if (isModel(first)) return infer(first, given, deeper(walk));
  // TF.js puts an input of this name before a first layer that is none.
  const input = inputOf(first, first.className === 'InputLayer' ? first.name : `${first.name}_input`);
  return { inputs: [input], outputs: [{ name: input.name, shape: given?.[0] ?? input.shape }], values: 0 };
}

function inputOf(layer: Layer, name: string): TensorSpec {
  if (!layer.has('batch_input_shape')) {
    if (layer.has('batch_shape')) throw layer.fail('it was saved by Keras 3, which TF.js does not read. Save with Keras 2 (tf_keras), or convert to ONNX');
    throw layer.fail('it has no batch_input_shape, so the input of the model is unknown');
  }
  const dtype = layer.text('dtype') ?? layer.text('input_dtype') ?? 'float32';
  const datatype = Object.hasOwn(DATATYPES, dtype) ? DATATYPES[dtype] : undefined;
  if (!datatype) throw layer.fail(`its inputs have the type ${quoted(dtype)}, which TF.js doesn't have`);
  return { name, datatype, shape: checked(layer, layer.shape('batch_input_shape')) };
}

/** A call of a layer: its inputs by key, and the keys under which its outputs are then known. */
interface Node {
  readonly layer: Layer;
  readonly index: number;
  readonly inputs: readonly string[];
}

function functional(model: Layer, layers: readonly Layer[], { given, walk }: { readonly given: readonly Shape[] | undefined; readonly walk: Walk }): Tensors {
  const known = new Map<string, Shape>();
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  if (byName.size !== layers.length) throw model.fail('two of its layers have the same name');
  const inputs = model.list('input_layers').map((reference, index) => {
    const { name } = referenceOf(model, reference);
    const layer = byName.get(name);
    if (layer?.className !== 'InputLayer') throw model.fail(`its input ${quoted(name)} is not one of its InputLayers`);
    const input = inputOf(layer, name);
    known.set(keyOf(name, 0, 0), given?.[index] ?? input.shape);
    return input;
  });
  const steps = connect(
    model,
    layers.flatMap((layer) => nodesOf(model, layer)),
    { known, walk },
  );
  const references = model.list('output_layers').map((reference) => referenceOf(model, reference));
  const outputs = references.map(({ name, key, tensor }) => ({ name: portName(name, tensor), shape: shapeAt(model, known, key) }));
  return { inputs, outputs, values: heapValues(steps, known, new Set(references.map(({ key }) => key))) };
}

function nodesOf(model: Layer, layer: Layer): readonly Node[] {
  const nodes = fieldOf(layer.json, 'inbound_nodes') ?? [];
  if (!Array.isArray(nodes)) throw layer.fail('its "inbound_nodes" is not a list');
  return nodes.map((node: unknown, index) => {
    if (!Array.isArray(node)) throw layer.fail('one of its calls is not a list of inputs (Keras 3 writes them otherwise, which TF.js does not read)');
    return { layer, index, inputs: node.map((reference: unknown) => referenceOf(model, reference).key) };
  });
}

/** Computes every call whose inputs are known, until none is left. @returns the calls in their order */
function connect(model: Layer, nodes: readonly Node[], { known, walk }: { readonly known: Map<string, Shape>; readonly walk: Walk }): readonly Step[] {
  const steps: Step[] = [];
  for (let pending = nodes; pending.length > 0;) {
    const waiting = pending.filter((node) => {
      countStep(walk);
      if (!node.inputs.every((key) => known.has(key))) return true;
      const { shapes, inside } = apply(
        node.layer,
        node.inputs.map((key) => shapeAt(model, known, key)),
        walk,
      );
      const outputs = shapes.map((shape, tensor) => publish(known, node, { tensor, shape }));
      steps.push({ layer: node.layer, inputs: node.inputs, outputs, inside });
      return false;
    });
    if (waiting.length === pending.length) throw model.fail(`the input of its layer ${quoted(waiting[0]?.layer.name ?? '')} comes from nowhere`);
    pending = waiting;
  }
  return steps;
}

/** @returns the key that the layers behind it know the tensor by */
function publish(known: Map<string, Shape>, { layer, index }: Node, { tensor, shape }: { readonly tensor: number; readonly shape: Shape }): string {
  known.set(keyOf(layer.name, index, tensor), shape);
  if (!isModel(layer)) return keyOf(layer.name, index, tensor);
  // Keras counts a nested model's own making as its first call, so that its calls here start at 1.
  known.set(keyOf(layer.name, index + 1, tensor), shape);
  return keyOf(layer.name, index + 1, tensor);
}

function apply(layer: Layer, inputs: readonly Shape[], walk: Walk): { readonly shapes: readonly Shape[]; readonly inside: number } {
  countStep(walk);
  if (layer.flag('stateful')) throw refusedLayer(layer, 'keeps state between calls, which would be seen by other callers');
  if (isModel(layer)) {
    const { outputs, values } = infer(layer, inputs, deeper(walk));
    return { shapes: outputs.map(({ shape }) => checked(layer, shape)), inside: values };
  }
  const rule = LAYER_RULES.get(layer.className);
  if (!rule) throw refusedLayer(layer, 'is of a class that this server does not serve');
  const shapes = rule(layer, inputs, (inner, given) => apply(inner, given, deeper(walk)).shapes).map((shape) => checked(layer, shape));
  walk.index.bytes += indexBytesOf(layer, shapes);
  walk.index.calls += 1;
  return { shapes, inside: 0 };
}

function checked(layer: Layer, shape: Shape): Shape {
  if (shape.length > DIMENSIONS_MAX || !shape.every((size) => Number.isSafeInteger(size) && size >= -1))
    throw layer.fail(`it would give the impossible shape [${shape.join(',')}]`);
  return shape;
}

function deeper({ depth, ...walk }: Walk): Walk {
  if (depth >= NESTING_MAX) throw malformed(`layers nest deeper than ${NESTING_MAX}`);
  return { depth: depth + 1, ...walk };
}

function countStep({ steps }: Walk): void {
  steps.left -= 1;
  if (steps.left < 0) throw malformed(`it has more than ${STEPS_MAX} connections`);
}

/** `["dense", 0, 0]`: which output of which call of a layer. */
function referenceOf(model: Layer, reference: unknown): { readonly name: string; readonly tensor: number; readonly key: string } {
  const [name, node, tensor] = Array.isArray(reference) ? (reference as unknown[]) : [];
  if (typeof name !== 'string' || typeof node !== 'number' || typeof tensor !== 'number') throw model.fail('a connection is not [layer, call, output]');
  return { name, tensor, key: keyOf(name, node, tensor) };
}

function keyOf(name: string, node: number, tensor: number): string {
  return `${node}:${tensor}:${name}`;
}

function shapeAt(model: Layer, known: ReadonlyMap<string, Shape>, key: string): Shape {
  const shape = known.get(key);
  if (!shape) throw model.fail(`the connection ${quoted(key)} comes from nowhere`);
  return shape;
}

/** Outputs go by their layer's name; a layer's second one needs another. */
function portName(name: string, tensor: number): string {
  return tensor === 0 ? name : `${name}:${tensor}`;
}

function refusedLayer(layer: Layer, why: string): Fault {
  return new Fault(
    'invalid_argument',
    'unsupported_layer',
    `The layer ${quoted(layer.name)} (${quoted(layer.className)}) ${why}. Models with such layers can often be served as ONNX.`,
  );
}

/** Whether a topology is a Keras model's, where the file doesn't say its format. */
export function looksLikeLayers(topology: unknown): boolean {
  return isRecord(topology) && (Object.hasOwn(topology, 'model_config') || Object.hasOwn(topology, 'class_name'));
}
