/** Between 16-bit and 32-bit floats, rounding to nearest even. `Float16Array` is in Node 24, not yet in TypeScript's library for our target. */
interface HalfArray extends ArrayBufferView, ArrayLike<number> {}
interface HalfArrayConstructor {
  new (values: ArrayLike<number>): HalfArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): HalfArray;
}
const Half = (globalThis as unknown as { readonly Float16Array: HalfArrayConstructor }).Float16Array;

export function toHalf(values: Float32Array): Uint8Array {
  const half = new Half(values);
  return new Uint8Array(half.buffer, half.byteOffset, half.byteLength);
}

/** @param dtype as safetensors names it */
export function toFloats(dtype: string, bytes: Uint8Array): Float32Array | undefined {
  // A copy starts at offset 0 and so is aligned for any type.
  const { buffer } = new Uint8Array(bytes);
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return Float32Array.from(new Half(buffer, 0, buffer.byteLength / 2));
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    default:
      return undefined;
  }
}
