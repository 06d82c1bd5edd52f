import { invalid } from '../../contract/errors.ts';
import type { Options } from './step.ts';
import { type StackStep } from './step.ts';

const WINDOW_MAX = 65_536;
const WHITE_SPACE: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20]);

/**
 * `bytesWindow` {output, begin, middle, end, block, padding, bytesMin}: the first and last bytes of a file as INT32, as magika reads them.
 * Of the first `block` bytes, without leading white space, `begin`; of the last `block`, without trailing white space, `end`;
 * what is missing is `padding`, behind the beginning and before the end. (magika.py, `_extract_features_from_seekable`.)
 */
export function bytesWindow(options: Options): StackStep {
  const output = options.text('output');
  const begin = options.count('begin', { min: 0, max: WINDOW_MAX });
  const end = options.count('end', { min: 0, max: WINDOW_MAX });
  const middle = options.count('middle', { min: 0, max: WINDOW_MAX, otherwise: 0 });
  const block = options.count('block', { min: 1, max: WINDOW_MAX });
  const padding = options.count('padding', { min: 0, max: 65_535 });
  const bytesMin = options.count('bytesMin', { min: 0, max: WINDOW_MAX, otherwise: 0 });
  const width = begin + middle + end;
  return (items) => {
    const values = new Int32Array(items.length * width).fill(padding);
    items.forEach((item, index) => {
      if (item.kind !== 'bytes') throw options.fail('its place', 'first');
      const { bytes } = item;
      const first = stripStart(bytes.subarray(0, block)).subarray(0, begin);
      if (first.length < bytesMin) throw invalid(`Element ${index} has fewer than ${bytesMin} bytes after its leading white space: too few to tell anything.`, output);
      const start = index * width;
      values.set(first, start);
      values.set(centre(bytes, middle), start + begin);
      const last = stripEnd(bytes.subarray(Math.max(0, bytes.length - block)));
      const tail = last.subarray(Math.max(0, last.length - end));
      values.set(tail, start + width - tail.length);
    });
    return { name: output, datatype: 'INT32', shape: [items.length, width], data: new Uint8Array(values.buffer) };
  };
}

function centre(bytes: Uint8Array, length: number): Uint8Array {
  const from = Math.max(0, Math.floor((bytes.length - length) / 2));
  return bytes.subarray(from, from + length);
}

function stripStart(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length && WHITE_SPACE.has(bytes[at]!)) at += 1;
  return bytes.subarray(at);
}

function stripEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && WHITE_SPACE.has(bytes[end - 1]!)) end -= 1;
  return bytes.subarray(0, end);
}
