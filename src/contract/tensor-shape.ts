import { invalid } from './errors.ts';
import { ELEMENT_BYTES, type Datatype } from './tensor.ts';

/** Dimensions a tensor may have; the same bound as in a signature. */
const RANK_MAX = 16;

/**
 * The number of elements of a concrete shape.
 * @throws Fault when a dimension is negative or fractional, there are more than RANK_MAX, or the product passes 2^53 - 1
 */
export function elementCount(shape: readonly number[], where: string): number {
  if (shape.length > RANK_MAX) throw invalid(`${where} has ${shape.length} dimensions; at most ${RANK_MAX} are accepted.`, where);
  let count = 1;
  let empty = false;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw invalid(`${where} has the dimension ${dimension}; dimensions are whole numbers from 0.`, where);
    }
    if (dimension === 0) empty = true;
    else count *= dimension;
    if (count > Number.MAX_SAFE_INTEGER) throw invalid(`${where} [${shape.join(',')}] has more elements than can be counted.`, where);
  }
  return empty ? 0 : count;
}

/** Bytes of one BYTES element's length prefix. */
export const LENGTH_BYTES = 4;

/**
 * Checks that `data` holds exactly `count` elements.
 * @throws Fault that says how many bytes or elements were expected and how many came
 */
export function checkDataLength(datatype: Datatype, count: number, data: Uint8Array, name: string): void {
  if (datatype === 'BYTES') {
    checkBytesElements(count, data, name);
    return;
  }
  const expected = count * ELEMENT_BYTES[datatype];
  if (data.length !== expected) {
    throw invalid(`Tensor '${name}' has ${data.length} bytes of data; its shape and datatype ${datatype} need ${expected}.`, name);
  }
}

function checkBytesElements(count: number, data: Uint8Array, name: string): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let found = 0;
  while (at < data.length) {
    if (at + LENGTH_BYTES > data.length) throw invalid(`Tensor '${name}' ends inside the length of element ${found}.`, name);
    at += LENGTH_BYTES + view.getUint32(at, true);
    if (at > data.length) throw invalid(`Tensor '${name}' ends inside element ${found}.`, name);
    found += 1;
  }
  if (found !== count) throw invalid(`Tensor '${name}' has ${found} BYTES elements; its shape needs ${count}.`, name);
}

/** The elements of a BYTES tensor's data, as views. The data was checked by `checkDataLength`. */
export function* bytesElements(data: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at < data.length) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at, true);
    yield data.subarray(start, at);
  }
}

/** The BYTES form of these elements. */
export function packBytes(elements: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const element of elements) total += LENGTH_BYTES + element.length;
  const data = new Uint8Array(total);
  const view = new DataView(data.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    data.set(element, at + LENGTH_BYTES);
    at += LENGTH_BYTES + element.length;
  }
  return data;
}

/** Size of the batch dimension: the first one, where all tensors agree on it; else 1. */
export function rowsOf(tensors: readonly { readonly shape: readonly number[] }[]): number {
  const rows = tensors[0]?.shape[0] ?? 1;
  return tensors.every(({ shape }) => shape[0] === rows) ? rows : 1;
}
