import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Fault } from '../contract/errors.ts';

/** Bytes at offsets. Tests give one in memory; `openSource` gives a file. */
export interface ByteSource {
  readonly size: number;
  /** Fills `target` from `offset`; how many bytes it got, less than asked only at the end. */
  read(offset: number, target: Uint8Array): number;
}

/** Header bytes of one file that are ever looked at. */
const HEADER_BYTES_MAX = 64 << 20;
/** The longest name, value or template that is kept. */
export const STRING_BYTES_MAX = 1 << 20;
const WINDOW_BYTES = 64 << 10;
/** The first read after a jump; headers that jump a lot (ONNX) mostly need a few bytes there. */
const FIRST_WINDOW_BYTES = 4 << 10;

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, target) {
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
  };
}

/** Runs `use` over the file at `path`. @throws Fault `not_a_file` for anything but a regular file */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Fault('invalid_argument', 'not_a_file', 'A model file must be a regular file.');
    return use({ size: stat.size, read: (offset, target) => readSync(descriptor, target, 0, target.length, offset) });
  } finally {
    closeSync(descriptor);
  }
}

function malformed(format: string, message: string): Fault {
  return new Fault('invalid_argument', 'malformed_weights', `Malformed ${format} file: ${message}.`);
}

/** Which part of the source a reader may look at, and what it is called in errors. */
export interface ReaderOptions {
  readonly format: string;
  readonly start?: number;
  /** Header bytes that may be consumed; at most HEADER_BYTES_MAX. */
  readonly bytesMax?: number;
}

/**
 * Reads fields in order through one window that is used again and again: nothing that the file claims decides an allocation before
 * it was compared with the bytes that are really there.
 */
export class HeaderReader {
  readonly format: string;
  readonly size: number;
  position: number;
  readonly #source: ByteSource;
  readonly #window: Buffer;
  #windowStart = 0;
  #windowEnd = 0;
  #budget: number;

  constructor(source: ByteSource, options: ReaderOptions) {
    this.#source = source;
    this.size = source.size;
    this.#window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, source.size));
    this.format = options.format;
    this.position = options.start ?? 0;
    this.#budget = Math.min(options.bytesMax ?? HEADER_BYTES_MAX, HEADER_BYTES_MAX);
  }

  fail(message: string): Fault {
    return malformed(this.format, message);
  }

  /** Moves on without reading. */
  skip(length: number): void {
    if (length > this.size - this.position) throw this.fail(`it ends at byte ${this.size}, inside a field of ${length} bytes at ${this.position}`);
    this.position += length;
  }

  u8(): number {
    // Without a call where the byte is in the window: varints are read byte by byte.
    const index = this.position - this.#windowStart;
    if (index < 0 || this.position >= this.#windowEnd || this.#budget < 1) return this.#window[this.#take(1)]!;
    this.#budget -= 1;
    this.position += 1;
    return this.#window[index]!;
  }

  u32(): number {
    return this.#window.readUInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#window.readBigUInt64LE(this.#take(8));
  }

  f32(): number {
    return this.#window.readFloatLE(this.#take(4));
  }

  f64(): number {
    return this.#window.readDoubleLE(this.#take(8));
  }

  /** A u64 that counts something: refused above `max`, which is named in the error as `what`'s limit. */
  count(what: string, max: number): number {
    const at = this.#take(8);
    // As a number first: there are hundreds of thousands of these in a vocabulary. It is exact wherever it is accepted.
    const value = this.#window.readUInt32LE(at + 4) * 2 ** 32 + this.#window.readUInt32LE(at);
    if (value > max) throw this.fail(`${what} is ${this.#window.readBigUInt64LE(at)}; at most ${max} are accepted`);
    return value;
  }

  /** `length` bytes as a copy. @param max the most that is accepted here */
  bytes(length: number, max: number = STRING_BYTES_MAX): Buffer {
    if (length > max) throw this.fail(`a field of ${length} bytes at ${this.position}; at most ${max} are accepted`);
    if (length > this.size - this.position) throw this.fail(`it ends at byte ${this.size}, inside a field of ${length} bytes at ${this.position}`);
    const copy = Buffer.allocUnsafe(length);
    for (let done = 0; done < length;) {
      const part = Math.min(length - done, WINDOW_BYTES);
      const at = this.#take(part);
      this.#window.copy(copy, done, at, at + part);
      done += part;
    }
    return copy;
  }

  /** Makes the next `length` bytes lie in the window and steps over them; their index in it. */
  #take(length: number): number {
    const start = this.position;
    if (length > this.size - start) throw this.fail(`it ends at byte ${this.size}, inside a field of ${length} bytes at ${start}`);
    this.#budget -= length;
    if (this.#budget < 0) throw this.fail(`its header is larger than ${HEADER_BYTES_MAX >> 20} MiB`);
    if (start < this.#windowStart || start + length > this.#windowEnd) this.#fill(start, length);
    this.position = start + length;
    return start - this.#windowStart;
  }

  #fill(start: number, length: number): void {
    const sequential = start >= this.#windowStart && start <= this.#windowEnd && this.#windowEnd > 0;
    const wanted = Math.min(Math.max(length, sequential ? WINDOW_BYTES : FIRST_WINDOW_BYTES), this.size - start);
    const got = this.#source.read(start, this.#window.subarray(0, wanted));
    if (got < length) throw this.fail(`it could be read only up to byte ${start + got}`);
    this.#windowStart = start;
    this.#windowEnd = start + got;
  }
}
