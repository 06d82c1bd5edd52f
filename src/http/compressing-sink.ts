import type { Transform } from 'node:stream';
import { createDeflate, createGzip } from 'node:zlib';
import type { Fault } from '../contract/errors.ts';
import type { ReplySink } from '../data-plane/call.ts';
import { acceptedEncoding, COMPRESSION_LEVEL, type Encoding, isCompressible } from './content-encoding.ts';
import { room } from './slow-reader.ts';

/** Compresses whole, large answers on their way into another sink as the client accepts it (C74); all others pass as they are. What is kept or counted has happened before. */
export class CompressingSink implements ReplySink {
  readonly #sink: ReplySink;
  readonly #accepts: string | string[];
  #compressor: Transform | undefined;
  #committed = false;
  #ended = false;

  /** @param accepts the request's `Accept-Encoding`: read only when there is something to compress */
  constructor(sink: ReplySink, accepts: string | string[]) {
    this.#sink = sink;
    this.#accepts = accepts;
  }

  /** Bytes that wait in the compressor can't be taken back either. */
  get committed(): boolean {
    return this.#committed || this.#sink.committed;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#ended) return;
    const encoding = isCompressible(headers) ? acceptedEncoding(this.#accepts) : undefined;
    if (!encoding) return this.#sink.head(status, headers);
    const { 'content-length': _whole, ...others } = headers;
    this.#sink.head(status, { ...others, 'content-encoding': encoding, vary: 'accept-encoding' });
    this.#compressor = this.#compress(encoding);
  }

  frame(bytes: Uint8Array): boolean {
    if (!this.#compressor) return this.#sink.frame(bytes);
    if (this.#ended) return true;
    this.#committed = true;
    return this.#compressor.write(bytes);
  }

  drained(): Promise<void> {
    return this.#compressor ? room(this.#compressor) : this.#sink.drained();
  }

  end(last?: Uint8Array): void {
    if (!this.#compressor) return this.#sink.end(last);
    if (this.#ended) return;
    this.#ended = true;
    this.#committed = true;
    this.#compressor.end(last);
  }

  fail(fault: Fault): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#compressor?.removeAllListeners('data').destroy();
    this.#sink.fail(fault);
  }

  /** A frame's memory may be used again by who sent it, but not before it is compressed: the compressor copies what it has to keep. */
  #compress(encoding: Encoding): Transform {
    const options = { level: COMPRESSION_LEVEL };
    const compressor = encoding === 'gzip' ? createGzip(options) : createDeflate(options);
    compressor.on('data', (piece: Buffer) => {
      if (this.#sink.frame(piece)) return;
      compressor.pause();
      void this.#sink.drained().then(() => compressor.resume());
    });
    compressor.on('end', () => this.#sink.end());
    return compressor;
  }
}
