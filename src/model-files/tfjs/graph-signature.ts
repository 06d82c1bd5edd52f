import { Fault } from '../../contract/errors.ts';
import type { Datatype, TensorSignature, TensorSpec } from '../../contract/tensor.ts';
import { fieldOf, isRecord, listOf, malformed, quoted, recordOf, textOf, type Json } from './fields.ts';

const VALUES_MAX = 1_024;
const DIMENSIONS_MAX = 16;
const NAME_CHARACTERS_MAX = 256;
const NODES_MAX = 1 << 18;

/** TensorFlow's types as what TF.js makes of them (`parseDtypeParam` of the converter): it computes in four types only. */
const DATATYPES: Readonly<Record<string, Datatype>> = {
  DT_FLOAT: 'FP32',
  DT_DOUBLE: 'FP32',
  DT_HALF: 'FP32',
  DT_INT32: 'INT32',
  DT_INT64: 'INT32',
  DT_INT8: 'INT32',
  DT_UINT8: 'INT32',
  DT_BOOL: 'BOOL',
  DT_STRING: 'BYTES',
};

/** A call must not see what another has left, so a graph that keeps something is refused. */
const KEEPS_STATE = /^(Assign|Variable|VarHandle|ReadVariable|LookupTableInsert|LookupTableImport|LookupTableRemove)/;

/** What a converted SavedModel's signature says, in its order. @throws Fault where there is none, or a value has no known rank */
export function readGraphSignature(modelJson: Json): TensorSignature {
  checkNodes(recordOf(modelJson, 'modelTopology', 'model.json'));
  const metadata = fieldOf(modelJson, 'userDefinedMetadata');
  // Where both are there, TF.js takes the metadata's.
  const signature = (isRecord(metadata) ? fieldOf(metadata, 'signature') : undefined) ?? fieldOf(modelJson, 'signature');
  if (!isRecord(signature)) {
    throw unsupported('the model has no signature. Convert the SavedModel again with a current tensorflowjs_converter');
  }
  const inputs = valuesOf(signature, 'inputs');
  const outputs = valuesOf(signature, 'outputs');
  if (outputs.length === 0 || inputs.length + outputs.length > VALUES_MAX) throw malformed(`it has ${inputs.length} inputs and ${outputs.length} outputs`);
  return { inputs, outputs };
}

function checkNodes(graph: Json): void {
  const nodes = listOf(graph, 'node', 'the graph');
  if (nodes.length > NODES_MAX) throw malformed(`its graph has ${nodes.length} nodes; at most ${NODES_MAX} are accepted`);
  for (const node of nodes) {
    if (!isRecord(node)) throw malformed('a node of its graph is no object');
    const op = textOf(node, 'op', 'a node of the graph');
    if (KEEPS_STATE.test(op)) throw unsupported(`the operation ${quoted(op)} keeps something between calls. Freeze the model first`);
  }
}

function valuesOf(signature: Json, side: 'inputs' | 'outputs'): readonly TensorSpec[] {
  const specs: TensorSpec[] = [];
  for (const [name, value] of Object.entries(recordOf(signature, side, 'the signature'))) {
    if (!isRecord(value)) throw malformed(`the signature's ${quoted(name)} is no object`);
    // A table that the model brings along is listed as an input, but nobody sends it.
    if (fieldOf(value, 'dtype') === 'DT_RESOURCE') continue;
    specs.push(specOf(name, value));
  }
  return specs;
}

function specOf(name: string, value: Json): TensorSpec {
  const dtype = fieldOf(value, 'dtype');
  const datatype = typeof dtype === 'string' && Object.hasOwn(DATATYPES, dtype) ? DATATYPES[dtype] : undefined;
  const shape = fieldOf(value, 'tensorShape');
  if (name === '' || name.length > NAME_CHARACTERS_MAX || !datatype || !isRecord(shape) || fieldOf(shape, 'unknownRank') === true) {
    throw unsupported(`${quoted(name)} of its signature is not a tensor of a known rank and of a type that TF.js computes`);
  }
  const dimensions = fieldOf(shape, 'dim') ?? [];
  if (!Array.isArray(dimensions) || dimensions.length > DIMENSIONS_MAX) throw malformed(`${quoted(name)} of its signature has no valid shape`);
  return { name, datatype, shape: dimensions.map((dimension) => sizeOf(dimension, name)) };
}

/** Sizes are written as text, as in all JSON forms of protocol buffers; one that is left out is taken as variable. */
function sizeOf(dimension: unknown, name: string): number {
  const size = isRecord(dimension) ? Number(fieldOf(dimension, 'size') ?? -1) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw malformed(`${quoted(name)} of its signature has an impossible dimension`);
  return size >= 0 ? size : -1;
}

function unsupported(what: string): Fault {
  return new Fault('invalid_argument', 'unsupported_signature', `This TF.js graph model can't be served: ${what}.`);
}
