import { Fault } from '../../contract/errors.ts';
import type { InferReply, InferRequest } from '../../contract/oip-binary.ts';
import type { Tensor } from '../../contract/tensor.ts';
import { LENGTH_BYTES } from '../../contract/tensor-shape.ts';

/** Joining several infer requests into one along the first dimension, and splitting the answer again. */

/** Requests with equal keys can be joined: same tensors but for the rows, same outputs, no parameters of their own. */
export function batchKey(request: InferRequest, rows: number): string | undefined {
  if (request.parameters || request.inputs.some(({ shape }) => shape[0] !== rows)) return undefined;
  const inputs = request.inputs.map(({ name, datatype, shape }) => [name, datatype, ...shape.slice(1)]);
  return JSON.stringify([inputs, request.outputs.map(({ name }) => name)]);
}

/** One request for all; only the first's when it is alone. Their keys are equal, so their inputs come in one order. */
export function joinRequests(requests: readonly InferRequest[]): InferRequest {
  const [first] = requests;
  if (!first) throw new RangeError('nothing to join');
  if (requests.length === 1) return first;
  const inputs = first.inputs.map((input, index): Tensor => {
    const parts = requests.map((request) => request.inputs[index] ?? input);
    const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return { ...input, shape: [rows, ...input.shape.slice(1)], data: Buffer.concat(parts.map(({ data }) => data)) };
  });
  return { inputs, outputs: first.outputs, binaryOutputDefault: true };
}

/** The part of a joint answer that belongs to each request, by its rows. */
export function splitReply(reply: InferReply, rows: readonly number[]): InferReply[] {
  if (rows.length === 1) return [reply];
  const total = rows.reduce((sum, count) => sum + count, 0);
  const columns = reply.outputs.map((output) => splitTensor(output, rows, total));
  return rows.map((_, member) => ({ ...reply, outputs: columns.flatMap((column) => column[member] ?? []) }));
}

function splitTensor(tensor: Tensor, rows: readonly number[], total: number): Tensor[] {
  const [first, ...rest] = tensor.shape;
  if (first !== total) {
    throw new Fault('bad_upstream', 'not_batchable', `Output "${tensor.name}" does not have one row per input row; the model can't be batched.`);
  }
  const bounds = tensor.datatype === 'BYTES' ? bytesBounds(tensor, rows) : fixedBounds(tensor.data.length / total, rows);
  return rows.map((count, member) => ({ ...tensor, shape: [count, ...rest], data: tensor.data.subarray(bounds[member], bounds[member + 1]) }));
}

function fixedBounds(rowBytes: number, rows: readonly number[]): number[] {
  const bounds = [0];
  for (const count of rows) bounds.push((bounds.at(-1) ?? 0) + count * rowBytes);
  return bounds;
}

function bytesBounds(tensor: Tensor, rows: readonly number[]): number[] {
  const perRow = tensor.shape.slice(1).reduce((product, dimension) => product * dimension, 1);
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const bounds = [0];
  let at = 0;
  for (const count of rows) {
    for (let element = 0; element < count * perRow; element++) at += LENGTH_BYTES + view.getUint32(at, true);
    bounds.push(at);
  }
  return bounds;
}
