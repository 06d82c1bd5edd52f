import { Fault } from '../contract/errors.ts';
import type { WeightsInfo } from '../contract/manifest.ts';
import type { Datatype } from '../contract/tensor.ts';
import { HeaderReader, STRING_BYTES_MAX, type ByteSource } from './byte-source.ts';
import { readMessage, varint, WIRE_BYTES, WIRE_VARINT, type Field } from './protobuf.ts';
import { createTally, elementsOf, type Tally } from './tally.ts';

/**
 * Reader of ONNX models (onnx.proto3), by hand so that the weights themselves are stepped over. Refuses whatever would make the
 * runtime open another file: external data anywhere (X21), compiled contexts, custom-operator libraries, settings in the metadata.
 */

const NESTING_MAX = 32;
const NAME_BYTES_MAX = 4096;
const DIMENSIONS_MAX = 16;
const VALUES_MAX = 1024;
const METADATA_MAX = 1024;
/** Of all metadata values together. */
const METADATA_BYTES_MAX = 4 << 20;
const INITIALIZERS_MAX = 1 << 20;
const IR_VERSION_MAX = 1000;

/** TensorProto.DataType → name, bytes (strings count none), and the Open Inference Protocol's datatype where it has one. */
const ELEMENT_TYPES: Readonly<Record<number, { readonly name: string; readonly bits: number; readonly datatype?: Datatype }>> = {
  1: { name: 'FP32', bits: 32, datatype: 'FP32' },
  2: { name: 'UINT8', bits: 8, datatype: 'UINT8' },
  3: { name: 'INT8', bits: 8, datatype: 'INT8' },
  4: { name: 'UINT16', bits: 16, datatype: 'UINT16' },
  5: { name: 'INT16', bits: 16, datatype: 'INT16' },
  6: { name: 'INT32', bits: 32, datatype: 'INT32' },
  7: { name: 'INT64', bits: 64, datatype: 'INT64' },
  8: { name: 'STRING', bits: 0, datatype: 'BYTES' },
  9: { name: 'BOOL', bits: 8, datatype: 'BOOL' },
  10: { name: 'FP16', bits: 16, datatype: 'FP16' },
  11: { name: 'FP64', bits: 64, datatype: 'FP64' },
  12: { name: 'UINT32', bits: 32, datatype: 'UINT32' },
  13: { name: 'UINT64', bits: 64, datatype: 'UINT64' },
  14: { name: 'COMPLEX64', bits: 64 },
  15: { name: 'COMPLEX128', bits: 128 },
  16: { name: 'BF16', bits: 16, datatype: 'BF16' },
  17: { name: 'F8E4M3FN', bits: 8 },
  18: { name: 'F8E4M3FNUZ', bits: 8 },
  19: { name: 'F8E5M2', bits: 8 },
  20: { name: 'F8E5M2FNUZ', bits: 8 },
  21: { name: 'UINT4', bits: 4 },
  22: { name: 'INT4', bits: 4 },
  23: { name: 'F4E2M1', bits: 4 },
};

export interface OnnxInfo {
  readonly weights: WeightsInfo;
  readonly metadata: ReadonlyMap<string, string>;
}

interface Scan {
  readonly reader: HeaderReader;
  readonly tally: Tally;
  readonly initializers: Set<string>;
  readonly inputs: ValueInfo[];
  readonly outputs: ValueInfo[];
  readonly metadata: Map<string, string>;
  metadataBytes: number;
  irVersion: number;
  graphs: number;
  producer: string;
}

/** A graph's input or output as written; the ones that are no tensors stay without a spec. */
interface ValueInfo {
  readonly name: string;
  readonly spec: Spec | undefined;
}

type Spec = Required<WeightsInfo>['signature']['inputs'][number];

/** @throws Fault for anything that is not one whole, self-contained ONNX model */
export function readOnnx(source: ByteSource): OnnxInfo {
  const reader = new HeaderReader(source, { format: 'ONNX' });
  const scan: Scan = {
    reader,
    tally: createTally(),
    initializers: new Set(),
    inputs: [],
    outputs: [],
    metadata: new Map(),
    metadataBytes: 0,
    irVersion: 0,
    graphs: 0,
    producer: '',
  };
  readMessage(reader, reader.size, (field) => readModelField(scan, field));
  if (scan.irVersion < 1 || scan.irVersion > IR_VERSION_MAX) throw reader.fail(`the format version is ${scan.irVersion}`);
  if (scan.graphs === 0) throw reader.fail('it has no graph');
  const signature = signatureOf(scan);
  return {
    weights: { format: 'onnx', architecture: scan.producer ? `onnx (${scan.producer})` : 'onnx', ...scan.tally.result(), signature },
    metadata: scan.metadata,
  };
}

/** The model's metadata_props: keys and values that its producer left, for example a list of labels. */
export function readOnnxMetadata(source: ByteSource): ReadonlyMap<string, string> {
  return readOnnx(source).metadata;
}

function readModelField(scan: Scan, field: Field): void {
  switch (field.number) {
    case 1:
      scan.irVersion = Number(expectVarint(scan, field));
      return;
    case 2:
      scan.producer = text(scan, field, NAME_BYTES_MAX)
        .replace(/[^\w.+ -]/g, '')
        .slice(0, 64);
      return;
    case 7:
      scan.graphs += 1;
      message(scan, field, (inner) => readGraphField(scan, inner, 0));
      return;
    case 14:
      readMetadata(scan, field);
      return;
    case 20:
      message(scan, field, (inner) => {
        if (inner.number === 1 || inner.number === 2) message(scan, inner, (graph) => readGraphField(scan, graph, 1));
      });
      return;
    case 25:
      message(scan, field, (inner) => {
        if (inner.number === 7) readNode(scan, inner, 1);
        else if (inner.number === 11) readAttribute(scan, inner, 1);
      });
      return;
    default:
  }
}

/** @param depth how many graphs lie around this one; only the outermost gives the signature */
function readGraphField(scan: Scan, field: Field, depth: number): void {
  if (depth > NESTING_MAX) throw scan.reader.fail(`graphs nest deeper than ${NESTING_MAX}`);
  if (field.number === 1) readNode(scan, field, depth);
  else if (field.number === 5) readInitializer(scan, field, depth);
  else if (field.number === 15) readSparse(scan, field, depth);
  else if (depth === 0 && (field.number === 11 || field.number === 12)) {
    const list = field.number === 11 ? scan.inputs : scan.outputs;
    if (list.length >= INITIALIZERS_MAX) throw scan.reader.fail('too many inputs');
    list.push(readValueInfo(scan, field));
  }
}

function readInitializer(scan: Scan, field: Field, depth: number): void {
  const { name, type, elements, bytes } = readTensor(scan, field);
  if (depth > 0) return;
  if (scan.initializers.size >= INITIALIZERS_MAX) throw scan.reader.fail(`more than ${INITIALIZERS_MAX} initializers`);
  scan.initializers.add(name);
  scan.tally.add(type, elements, bytes);
}

function readSparse(scan: Scan, field: Field, depth: number): void {
  message(scan, field, (inner) => {
    if (inner.number === 1) readInitializer(scan, inner, depth);
    else if (inner.number === 2) readTensor(scan, inner);
  });
}

function readNode(scan: Scan, field: Field, depth: number): void {
  message(scan, field, (inner) => {
    if (inner.number === 4 && text(scan, inner, NAME_BYTES_MAX) === 'EPContext') throw refusedLibrary('the operator EPContext, which loads a compiled file');
    if (inner.number === 7 && text(scan, inner, NAME_BYTES_MAX) === 'ai.onnx.contrib') throw refusedLibrary('operators of ai.onnx.contrib, which need a library');
    if (inner.number === 5) readAttribute(scan, inner, depth);
  });
}

function readAttribute(scan: Scan, field: Field, depth: number): void {
  message(scan, field, (inner) => {
    switch (inner.number) {
      case 4:
      case 9:
        if (inner.length <= NAME_BYTES_MAX) refuseLibraryPath(text(scan, inner, NAME_BYTES_MAX));
        return;
      case 5:
      case 10: {
        // Some exporters (PaddlePaddle's) keep all weights in Constant nodes, so these are parameters too.
        const { type, elements, bytes } = readTensor(scan, inner);
        scan.tally.add(type, elements, bytes);
        return;
      }
      case 6:
      case 11:
        message(scan, inner, (graph) => readGraphField(scan, graph, depth + 1));
        return;
      case 22:
      case 23:
        readSparse(scan, inner, depth + 1);
        return;
      default:
    }
  });
}

function readTensor(scan: Scan, field: Field): { readonly name: string; readonly type: string; readonly elements: number; readonly bytes: number } {
  let name = '';
  let number = 0;
  const dimensions: number[] = [];
  message(scan, field, (inner) => {
    if (inner.number === 1) readDimensions(scan, inner, dimensions);
    else if (inner.number === 2) number = Number(expectVarint(scan, inner));
    else if (inner.number === 8) name = text(scan, inner, NAME_BYTES_MAX);
    // Any sign of external data is enough: no location can be a good one where a version has no folders.
    else if (inner.number === 13 || (inner.number === 14 && expectVarint(scan, inner) !== 0n)) throw refusedExternal();
  });
  const type = ELEMENT_TYPES[number];
  if (!type) throw scan.reader.fail(`tensor ${JSON.stringify(name.slice(0, 100))} has the unknown type ${number}`);
  const elements = elementsOf(dimensions);
  if (elements === undefined) throw scan.reader.fail(`tensor ${JSON.stringify(name.slice(0, 100))} has the impossible shape [${dimensions.join(',')}]`);
  return { name, type: type.name, elements, bytes: Math.ceil((elements * type.bits) / 8) };
}

function readDimensions(scan: Scan, field: Field, dimensions: number[]): void {
  const { reader } = scan;
  const end = reader.position + field.length;
  const one = () => {
    const value = BigInt.asIntN(64, varint(reader));
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER) || dimensions.length >= DIMENSIONS_MAX) throw reader.fail('a tensor with an impossible shape');
    dimensions.push(Number(value));
  };
  if (field.wire === WIRE_VARINT) one();
  else if (field.wire === WIRE_BYTES) while (reader.position < end) one();
  else throw reader.fail('a dimension that is no number');
}

function readValueInfo(scan: Scan, field: Field): ValueInfo {
  let name = '';
  let datatype: Datatype | undefined;
  let shape: number[] | undefined;
  message(scan, field, (inner) => {
    if (inner.number === 1) name = text(scan, inner, NAME_BYTES_MAX);
    if (inner.number !== 2) return;
    message(scan, inner, (type) => {
      if (type.number !== 1) return;
      message(scan, type, (tensor) => {
        if (tensor.number === 1) datatype = ELEMENT_TYPES[Number(expectVarint(scan, tensor))]?.datatype;
        else if (tensor.number === 2) shape = readShape(scan, tensor);
      });
    });
  });
  return { name, spec: datatype && shape ? { name, datatype, shape } : undefined };
}

function readShape(scan: Scan, field: Field): number[] {
  const shape: number[] = [];
  message(scan, field, (inner) => {
    if (inner.number !== 1) return;
    if (shape.length >= DIMENSIONS_MAX) throw scan.reader.fail(`a shape of more than ${DIMENSIONS_MAX} dimensions`);
    let size = -1;
    message(scan, inner, (dimension) => {
      if (dimension.number !== 1) return;
      const value = Number(BigInt.asIntN(64, expectVarint(scan, dimension)));
      size = value >= 0 && Number.isSafeInteger(value) ? value : -1;
    });
    shape.push(size);
  });
  return shape;
}

function signatureOf(scan: Scan): Required<WeightsInfo>['signature'] {
  // Before format version 4 every initializer was listed as an input too.
  const inputs = scan.inputs.filter(({ name }) => !scan.initializers.has(name));
  const specs = (values: readonly ValueInfo[], what: string): Spec[] =>
    values.map(({ name, spec }) => {
      if (spec && name !== '' && name.length <= 256) return spec;
      throw new Fault(
        'invalid_argument',
        'unsupported_signature',
        `The ONNX model's ${what} ${JSON.stringify(name.slice(0, 100))} is not a tensor of a known rank and of a type that the Open Inference Protocol has. Export the model with plain tensors.`,
      );
    });
  if (scan.outputs.length === 0 || inputs.length + scan.outputs.length > VALUES_MAX) throw scan.reader.fail(`it has ${inputs.length} inputs and ${scan.outputs.length} outputs`);
  return { inputs: specs(inputs, 'input'), outputs: specs(scan.outputs, 'output') };
}

function readMetadata(scan: Scan, field: Field): void {
  let key = '';
  let value = '';
  message(scan, field, (inner) => {
    if (inner.number === 1) key = text(scan, inner, NAME_BYTES_MAX);
    else if (inner.number === 2) value = text(scan, inner, STRING_BYTES_MAX);
  });
  scan.metadataBytes += key.length + value.length;
  if (scan.metadata.size >= METADATA_MAX || scan.metadataBytes > METADATA_BYTES_MAX) throw scan.reader.fail('more metadata than is accepted');
  if (key === 'ort_config') throw refusedLibrary('runtime settings in its metadata (ort_config)');
  refuseLibraryPath(value);
  scan.metadata.set(key, value);
}

function refuseLibraryPath(value: string): void {
  if (/\.(so(\.\d+)*|dll|dylib)\0?$/i.test(value)) throw refusedLibrary('the path of a native library');
}

function refusedLibrary(what: string): Fault {
  return new Fault('invalid_argument', 'custom_code_refused', `The ONNX model has ${what}. Only models that are complete in themselves are accepted.`);
}

function refusedExternal(): Fault {
  return new Fault(
    'invalid_argument',
    'external_data_refused',
    'The ONNX model keeps tensors in external data files. Only models that hold all of their data are accepted: save it as one file.',
  );
}

function message(scan: Scan, field: Field, onField: (field: Field) => void): void {
  if (field.wire !== WIRE_BYTES) throw scan.reader.fail(`field ${field.number} at byte ${scan.reader.position} has the wire type ${field.wire}`);
  readMessage(scan.reader, scan.reader.position + field.length, onField);
}

function text(scan: Scan, field: Field, max: number): string {
  if (field.wire !== WIRE_BYTES) throw scan.reader.fail(`field ${field.number} at byte ${scan.reader.position} is not text`);
  return scan.reader.bytes(field.length, max).toString('utf8');
}

function expectVarint(scan: Scan, field: Field): bigint {
  if (field.wire !== WIRE_VARINT) throw scan.reader.fail(`field ${field.number} at byte ${scan.reader.position} is not a number`);
  return varint(scan.reader);
}
