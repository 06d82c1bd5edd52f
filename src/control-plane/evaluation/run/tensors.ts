import { OIP_HEADER_LENGTH } from '../../../contract/oip-binary.ts';
import type { TensorSignature, TensorSpec } from '../../../contract/tensor.ts';
import { badLine, type Row } from './dataset.ts';
import { type GatewayRequest, jsonRequest, type RunSettings, UnreadableAnswer } from './settings.ts';
import { numberOf } from './template.ts';

/** Fields of an example that are no inputs. */
const TRUTHS: ReadonlySet<string> = new Set(['label', 'target', 'id']);

/** One output of a tensor model, as OIP's JSON has it. */
export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly data: readonly unknown[];
}

/**
 * The call for one example of a tensor model. `inputs` are OIP tensors as they are; `text`, `base64` and `input` (text or numbers, flat) are for the
 * one input; without any of these, all other fields are numbers of one row, in their order. @throws Fault that names the line
 */
export function tensorRequest(path: string, row: Row, signature: TensorSignature, { input }: RunSettings): GatewayRequest {
  const { fields, line } = row;
  if (fields['inputs'] !== undefined) return jsonRequest(path, { inputs: fields['inputs'] });
  const spec = input === undefined ? signature.inputs[0] : signature.inputs.find(({ name }) => name === input);
  if (!spec) throw badLine(line, `the model has no input "${input}"; it has ${signature.inputs.map(({ name }) => name).join(', ')}.`);
  if (typeof fields['base64'] === 'string') return bytesRequest(path, bytesSpec(spec, line), Buffer.from(fields['base64'], 'base64'));
  const text = fields['text'] ?? (typeof fields['input'] === 'string' && spec.datatype === 'BYTES' ? fields['input'] : undefined);
  if (typeof text === 'string') return bytesRequest(path, bytesSpec(spec, line), Buffer.from(text));
  const data = numbersOf(row);
  return jsonRequest(path, { inputs: [{ name: spec.name, datatype: spec.datatype, shape: shapeFor(spec, data.length, line), data }] });
}

function bytesSpec(spec: TensorSpec, line: number): TensorSpec {
  if (spec.datatype !== 'BYTES')
    throw badLine(line, `the input "${spec.name}" takes ${spec.datatype}[${spec.shape.join(',')}], not text or bytes; give "input" as a list of numbers.`);
  return spec;
}

function numbersOf(row: Row): number[] {
  const { input } = row.fields;
  if (Array.isArray(input)) {
    const flat = (input as readonly unknown[]).flat(8);
    const bad = flat.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value));
    if (bad >= 0) throw badLine(row.line, `value ${bad} of its field "input" is not a finite number.`);
    return flat as number[];
  }
  if (input !== undefined) throw badLine(row.line, 'its field "input" must be a list of numbers, or text for a model that takes bytes.');
  const names = Object.keys(row.fields).filter((name) => !TRUTHS.has(name));
  if (names.length === 0) throw badLine(row.line, 'it has no input; give "text", "base64", "input", "inputs", or a field for each number.');
  return names.map((name) => numberOf(row, name));
}

/** The signature's shape for so many values: the first variable dimension is 1 and the last takes the rest. */
function shapeFor({ name, shape }: TensorSpec, count: number, line: number): number[] {
  const open = shape.lastIndexOf(-1);
  const known = shape.reduce((product, size) => product * (size === -1 ? 1 : size), 1);
  const isWhole = open < 0 ? known === count : count % known === 0 && count > 0;
  if (!isWhole) throw badLine(line, `it has ${count} values; the input "${name}" takes [${shape.join(',')}].`);
  return shape.map((size, index) => (size !== -1 ? size : index === open ? count / known : 1));
}

/** One element of bytes by OIP's binary extension; the outputs come as JSON. */
function bytesRequest(path: string, { name, shape }: TensorSpec, bytes: Buffer): GatewayRequest {
  const head = Buffer.from(JSON.stringify({ inputs: [{ name, shape: shape.map(() => 1), datatype: 'BYTES', parameters: { binary_data_size: bytes.length + 4 } }] }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return { path, headers: { 'content-type': 'application/octet-stream', [OIP_HEADER_LENGTH]: String(head.length) }, body: Buffer.concat([head, length, bytes]) };
}

/** The output that answers. @throws UnreadableAnswer that names what there is */
export function outputOf(answer: unknown, { output }: RunSettings, prefer: (tensor: OutputTensor) => boolean): OutputTensor {
  const { outputs } = answer as { readonly outputs?: readonly OutputTensor[] };
  if (!Array.isArray(outputs) || outputs.length === 0) throw new UnreadableAnswer('The model answered without outputs.');
  const all = outputs as readonly OutputTensor[];
  const found = output === undefined ? (all.find(prefer) ?? all[0]) : all.find(({ name }) => name === output);
  if (!found) throw new UnreadableAnswer(`The model has no output "${output}"; it has ${all.map(({ name }) => name).join(', ')}.`);
  return found;
}
