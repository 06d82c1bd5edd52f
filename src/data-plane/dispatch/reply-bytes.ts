/** An answer's tensors are kept whole in memory; no more than this. */
const REPLY_BYTES_MAX = 256 * 1_048_576;

/**
 * The body of a tensor answer, copied as it comes. Where its length is known it stands in one buffer from the start: memory outside
 * the heap is what has V8 walk through all that is inside, and pieces that are joined afterwards are twice as much of it.
 */
export class ReplyBytes {
  #whole: Buffer | undefined;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** So many bytes will come. Anything else than a length tells nothing. */
  expect(length: number): void {
    if (Number.isInteger(length) && length >= 0 && length <= REPLY_BYTES_MAX) this.#whole = Buffer.allocUnsafe(length);
  }

  /** @throws RangeError when it is too much */
  add(bytes: Buffer): void {
    const at = this.#bytes;
    this.#bytes += bytes.length;
    if (this.#bytes > (this.#whole?.length ?? REPLY_BYTES_MAX)) throw new RangeError(`the engine's answer is larger than ${this.#whole?.length ?? REPLY_BYTES_MAX} bytes`);
    if (this.#whole) bytes.copy(this.#whole, at);
    else this.#pieces.push(Buffer.from(bytes));
  }

  join(): Buffer {
    return this.#whole?.subarray(0, this.#bytes) ?? Buffer.concat(this.#pieces, this.#bytes);
  }
}
