import type { Transform } from 'node:stream';
import { createDeflate, createGzip } from 'node:zlib';
import type { Fault } from '../contract/errors.ts';
import type { ReplySink } from '../data-plane/call.ts';
import { COMPRESSION_LEVEL, type Encoding, isCompressible } from './content-encoding.ts';

/** Compresses whole, large answers on their way into another sink (C74); all others pass as they are. What is kept or counted has happened before. */
export class CompressingSink implements ReplySink {
  readonly #sink: ReplySink;
  readonly #encoding: Encoding;
  #compressor: Transform | undefined;
  #committed = false;
  #ended = false;

  constructor(sink: ReplySink, encoding: Encoding) {
    this.#sink = sink;
    this.#encoding = encoding;
  }

  /** Bytes that wait in the compressor can't be taken back either. */
  get committed(): boolean {
    return this.#committed || this.#sink.committed;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#ended) return;
    if (!isCompressible(headers)) return this.#sink.head(status, headers);
    const { 'content-length': _whole, ...others } = headers;
    this.#sink.head(status, { ...others, 'content-encoding': this.#encoding, vary: 'accept-encoding' });
    this.#compressor = this.#compress();
  }

  frame(bytes: Uint8Array): boolean {
    if (!this.#compressor) return this.#sink.frame(bytes);
    if (this.#ended) return true;
    this.#committed = true;
    return this.#compressor.write(bytes);
  }

  drained(): Promise<void> {
    const compressor = this.#compressor;
    if (!compressor) return this.#sink.drained();
    if (!compressor.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        compressor.off('drain', done);
        compressor.off('close', done);
        resolve();
      };
      compressor.on('drain', done);
      compressor.on('close', done);
    });
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
  #compress(): Transform {
    const options = { level: COMPRESSION_LEVEL };
    const compressor = this.#encoding === 'gzip' ? createGzip(options) : createDeflate(options);
    compressor.on('data', (piece: Buffer) => {
      if (this.#sink.frame(piece)) return;
      compressor.pause();
      void this.#sink.drained().then(() => compressor.resume());
    });
    compressor.on('end', () => this.#sink.end());
    return compressor;
  }
}
