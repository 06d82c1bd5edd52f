import { Fault, invalid } from './errors.ts';
import { bytesToValues, flatValues, hasLostDigits, parseJsonBody, parseJsonExact, valuesToBytes, type NullRule } from './oip-json.ts';
import { DATATYPES, ELEMENT_BYTES, type Datatype, type Tensor, type TensorSignature } from './tensor.ts';
import { checkDataLength, elementCount, packBytes } from './tensor-shape.ts';

/** The Open Inference Protocol v2's infer request and reply, as JSON or with the binary tensor data extension. */

/** Header that gives the JSON part's length, in bytes, of a body with binary tensors. */
export const OIP_HEADER_LENGTH = 'inference-header-content-length';

const TENSORS_MAX = 256;
const KEYS_MAX = 256;
/** Tensor data starts on a multiple of this where we write it, so that a reader needs no copy. */
const ALIGNMENT_BYTES = 8;

export interface WantedOutput {
  readonly name: string;
  readonly binary?: boolean;
}

export interface WantedOutputs {
  /** In the wanted order; empty: all. */
  readonly outputs: readonly WantedOutput[];
  readonly binaryOutputDefault: boolean;
}

export interface InferRequest extends WantedOutputs {
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Tensor[];
}

export interface InferReply {
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Tensor[];
}

/** The header's value as a number; undefined when absent. @throws Fault unless it is a whole number from 0 */
export function parseHeaderLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw invalid(`Inference-Header-Content-Length must be a whole number of bytes, not '${value.slice(0, 40)}'.`);
  return Number(value);
}

/**
 * Reads an infer request. Tensors are views of `body` where they came as binary.
 * @param headerLength bytes of the JSON part; undefined: all of the body is JSON. For 0, use `decodeRawRequest`.
 */
export function decodeInferRequest(body: Buffer, headerLength: number | undefined): InferRequest {
  const { head, binary, json } = splitBody(body, headerLength);
  const { binary_data_output: binaryDefault, ...parameters } = optionalRecord(head['parameters'], 'parameters') ?? {};
  return {
    ...optionalId(head['id']),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    inputs: readTensors(head['inputs'], { field: 'inputs', binary, json, nullIsNaN: false }),
    outputs: readWanted(head['outputs']),
    binaryOutputDefault: optionalBoolean(binaryDefault, 'parameters.binary_data_output') ?? false,
  };
}

/** Reads an upstream's infer reply. @throws Fault `bad_upstream` for anything malformed */
export function decodeInferReply(body: Buffer, headerLength: number | undefined): InferReply {
  try {
    const { head, binary, json } = splitBody(body, headerLength);
    const version = head['model_version'];
    const parameters = optionalRecord(head['parameters'], 'parameters');
    return {
      modelName: typeof head['model_name'] === 'string' ? head['model_name'] : '',
      ...(typeof version === 'string' && { modelVersion: version }),
      ...optionalId(head['id']),
      ...(parameters && { parameters }),
      outputs: readTensors(head['outputs'], { field: 'outputs', binary, json, nullIsNaN: true }),
    };
  } catch (error) {
    if (error instanceof Fault) throw new Fault('bad_upstream', 'malformed_reply', `The model's server sent a malformed reply: ${error.message}`);
    throw error;
  }
}

/** A body that is one input's data and nothing else (header length 0). @throws Fault unless the signature leaves no doubt (C72) */
export function decodeRawRequest(body: Buffer, signature: TensorSignature): InferRequest {
  const [spec, ...others] = signature.inputs;
  if (!spec || others.length > 0) throw invalid(`A raw request needs a model with exactly one input; this one has ${signature.inputs.length}.`);
  const variable = spec.shape.filter((dimension) => dimension < 0).length;
  if (variable > 1) throw invalid(`A raw request needs at most one variable dimension; input '${spec.name}' has ${variable}.`, spec.name);
  const rest = elementCount(
    spec.shape.filter((dimension) => dimension >= 0),
    spec.name,
  );
  if (spec.datatype === 'BYTES') {
    if (spec.shape.length !== 1 || rest !== 1) throw invalid(`A raw BYTES request needs the shape [1]; input '${spec.name}' has [${spec.shape.join(',')}].`, spec.name);
    return raw({ name: spec.name, datatype: 'BYTES', shape: [1], data: packBytes([body]) });
  }
  const row = rest * ELEMENT_BYTES[spec.datatype];
  const size = variable === 0 || row === 0 ? 0 : Math.floor(body.length / row);
  const shape = spec.shape.map((dimension) => (dimension < 0 ? size : dimension));
  checkDataLength(spec.datatype, elementCount(shape, spec.name), body, spec.name);
  return raw({ name: spec.name, datatype: spec.datatype, shape, data: body });
}

function raw(input: Tensor): InferRequest {
  return { inputs: [input], outputs: [], binaryOutputDefault: true };
}

/** An infer request with every tensor as binary, asking for binary outputs. */
export function encodeInferRequest(request: InferRequest): { readonly chunks: readonly Buffer[]; readonly headerLength: number } {
  const head = Buffer.from(
    JSON.stringify({
      ...(request.id !== undefined && { id: request.id }),
      parameters: { ...request.parameters, binary_data_output: true },
      inputs: request.inputs.map(binaryHead),
      ...(request.outputs.length > 0 && { outputs: request.outputs.map(({ name }) => ({ name, parameters: { binary_data: true } })) }),
    }),
  );
  const padding = Buffer.alloc((ALIGNMENT_BYTES - (head.length % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES, ' ');
  return { chunks: [head, padding, ...request.inputs.map(({ data }) => asBuffer(data))], headerLength: head.length + padding.length };
}

/** An infer request as plain JSON, for servers without the binary extension. @throws Fault for FP16 and BF16, which have no JSON form */
export function encodeInferRequestJson(request: InferRequest): Buffer {
  const inputs = request.inputs.map((tensor) => ({ name: tensor.name, shape: tensor.shape, datatype: tensor.datatype, data: bytesToValues(tensor).values }));
  return Buffer.from(
    JSON.stringify({
      ...(request.id !== undefined && { id: request.id }),
      ...(request.parameters && { parameters: request.parameters }),
      inputs,
      ...(request.outputs.length > 0 && { outputs: request.outputs.map(({ name }) => ({ name })) }),
    }),
  );
}

export interface EncodedReply {
  readonly chunks: readonly Buffer[];
  /** Absent when nothing in the reply is binary. */
  readonly headerLength: number | undefined;
  readonly contentType: string;
}

/** An infer reply with the wanted outputs, in the wanted order, each in the form that was asked for (C73, C75, C80). */
export function encodeInferReply(reply: InferReply, wanted: WantedOutputs): EncodedReply {
  const binary: Buffer[] = [];
  const outputs = selectOutputs(reply.outputs, wanted).map(({ tensor, asBinary }) => {
    if (asBinary) {
      binary.push(asBuffer(tensor.data));
      return binaryHead(tensor);
    }
    const { values, nonFinite } = bytesToValues(tensor);
    return { name: tensor.name, datatype: tensor.datatype, shape: tensor.shape, ...(nonFinite && { parameters: { non_finite_values: true } }), data: values };
  });
  const head = Buffer.from(
    JSON.stringify({
      model_name: reply.modelName,
      ...(reply.modelVersion !== undefined && { model_version: reply.modelVersion }),
      ...(reply.id !== undefined && { id: reply.id }),
      ...(reply.parameters && { parameters: reply.parameters }),
      outputs,
    }),
  );
  if (binary.length === 0) return { chunks: [head], headerLength: undefined, contentType: 'application/json' };
  return { chunks: [head, ...binary], headerLength: head.length, contentType: 'application/octet-stream' };
}

function selectOutputs(outputs: readonly Tensor[], wanted: WantedOutputs): readonly { readonly tensor: Tensor; readonly asBinary: boolean }[] {
  if (wanted.outputs.length === 0) return outputs.map((tensor) => ({ tensor, asBinary: wanted.binaryOutputDefault }));
  const byName = new Map(outputs.map((tensor) => [tensor.name, tensor]));
  return wanted.outputs.map(({ name, binary }) => {
    const tensor = byName.get(name);
    if (!tensor) throw invalid(`The model has no output '${name}'.`, 'outputs');
    return { tensor, asBinary: binary ?? wanted.binaryOutputDefault };
  });
}

function binaryHead({ name, datatype, shape, data }: Tensor) {
  return { name, datatype, shape, parameters: { binary_data_size: data.byteLength } };
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

type JsonRecord = Readonly<Record<string, unknown>>;

interface SplitBody {
  readonly head: JsonRecord;
  readonly json: Buffer;
  readonly binary: Buffer | undefined;
}

function splitBody(body: Buffer, headerLength: number | undefined): SplitBody {
  if (headerLength !== undefined && (!Number.isSafeInteger(headerLength) || headerLength < 1 || headerLength > body.length)) {
    throw invalid(`Inference-Header-Content-Length is ${headerLength}; it must be from 1 to the body's ${body.length} bytes.`);
  }
  const json = headerLength === undefined ? body : body.subarray(0, headerLength);
  return { head: record(parseJsonBody(json), 'The body'), json, binary: headerLength === undefined ? undefined : body.subarray(headerLength) };
}

interface TensorSource extends NullRule {
  readonly field: 'inputs' | 'outputs';
  readonly json: Buffer;
  readonly binary: Buffer | undefined;
}

function readTensors(value: unknown, source: TensorSource): readonly Tensor[] {
  const { field } = source;
  const entries = list(value, field);
  const names = new Set<string>();
  let exact: unknown;
  let at = 0;
  const tensors = entries.map((entry, index): Tensor => {
    const where = `${field}[${index}]`;
    const { name, datatype, shape, parameters, data } = readHead(record(entry, where), where);
    if (names.has(name)) throw invalid(`The name '${name}' occurs twice in '${field}'.`, where);
    names.add(name);
    const count = elementCount(shape, `${where}.shape`);
    const size = parameters['binary_data_size'];
    if (size !== undefined) {
      const bytes = takeBinary(source.binary, at, size, where);
      at += bytes.length;
      checkDataLength(datatype, count, bytes, name);
      return { name, datatype, shape, data: bytes };
    }
    let values = flatValues(data, shape, count, name);
    if ((datatype === 'INT64' || datatype === 'UINT64') && hasLostDigits(values)) {
      exact ??= parseJsonExact(source.json);
      values = flatValues(dataAt(exact, field, index), shape, count, name);
    }
    return { name, datatype, shape, data: valuesToBytes(datatype, values, name, source) };
  });
  const rest = (source.binary?.length ?? 0) - at;
  if (rest > 0) throw invalid(`${rest} bytes follow the last binary tensor; binary_data_size must account for all of them.`, field);
  return tensors;
}

function takeBinary(binary: Buffer | undefined, at: number, size: unknown, where: string): Buffer {
  if (!binary) throw invalid(`${where} announces binary data, but the request has no Inference-Header-Content-Length.`, where);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid(`${where}.parameters.binary_data_size must be a whole number of bytes.`, where);
  const end = at + (size as number);
  if (end > binary.length) throw invalid(`${where} announces ${size} bytes of binary data; ${binary.length - at} are left in the body.`, where);
  return binary.subarray(at, end);
}

interface TensorHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly parameters: JsonRecord;
  readonly data: unknown;
}

function readHead(entry: JsonRecord, where: string): TensorHead {
  const { name, datatype, shape, data } = entry;
  if (typeof name !== 'string' || name === '') throw invalid(`${where}.name must be a non-empty string.`, `${where}.name`);
  if (!isDatatype(datatype)) {
    throw invalid(`${where}.datatype '${String(datatype).slice(0, 40)}' is unknown; accepted are ${DATATYPES.join(', ')}.`, `${where}.datatype`);
  }
  if (!Array.isArray(shape) || !shape.every((dimension) => typeof dimension === 'number')) {
    throw invalid(`${where}.shape must be an array of whole numbers.`, `${where}.shape`);
  }
  return { name, datatype, shape, data, parameters: tensorParameters(entry['parameters'], where) };
}

function isDatatype(value: unknown): value is Datatype {
  return DATATYPES.some((datatype) => datatype === value);
}

/** Extensions that would change what is computed are refused, not ignored. */
const REFUSED_PARAMETERS = ['shared_memory_region', 'classification'];

function tensorParameters(value: unknown, where: string): JsonRecord {
  const parameters = optionalRecord(value, `${where}.parameters`) ?? {};
  for (const name of REFUSED_PARAMETERS) {
    if (parameters[name] !== undefined) throw invalid(`${where}.parameters.${name} is not supported.`, `${where}.parameters`);
  }
  return parameters;
}

function readWanted(value: unknown): readonly WantedOutput[] {
  if (value === undefined) return [];
  const names = new Set<string>();
  return list(value, 'outputs').map((entry, index) => {
    const where = `outputs[${index}]`;
    const output = record(entry, where);
    const name = output['name'];
    if (typeof name !== 'string' || name === '') throw invalid(`${where}.name must be a non-empty string.`, `${where}.name`);
    if (names.has(name)) throw invalid(`The output '${name}' is asked for twice.`, where);
    names.add(name);
    const binary = optionalBoolean(tensorParameters(output['parameters'], where)['binary_data'], `${where}.parameters.binary_data`);
    return binary === undefined ? { name } : { name, binary };
  });
}

function record(value: unknown, where: string): JsonRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${where} must be a JSON object.`, where);
  if (Object.keys(value).length > KEYS_MAX) throw invalid(`${where} has more than ${KEYS_MAX} keys.`, where);
  return value as JsonRecord;
}

function optionalRecord(value: unknown, where: string): JsonRecord | undefined {
  return value === undefined || value === null ? undefined : record(value, where);
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`'${where}' must be an array.`, where);
  if (value.length > TENSORS_MAX) throw invalid(`'${where}' has ${value.length} entries; at most ${TENSORS_MAX} are accepted.`, where);
  return value;
}

function dataAt(message: unknown, field: string, index: number): unknown {
  return record(list(record(message, 'The body')[field], field)[index], field)['data'];
}

function optionalBoolean(value: unknown, where: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${where} must be true or false.`, where);
}

function optionalId(id: unknown): { id?: string } {
  if (id === undefined || id === null) return {};
  if (typeof id !== 'string') throw invalid("'id' must be a string.", 'id');
  return { id };
}
