import type { AnswerHeaders } from '../call.ts';

/**
 * Reads HTTP/1.1 answers of our own engines as their bytes come (RFC 9112), for a third of what a general client costs. It is
 * strict: what an engine of ours never sends ends the connection.
 */
const HEAD_BYTES_MAX = 32_768;
/** A chunk's size in hex, its extensions, and the line's end; a trailer's line too. */
const LINE_BYTES_MAX = 1_024;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: |$)/;
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const CHUNK_SIZE = /^([\dA-Fa-f]{1,8})[ \t]*(?:;|$)/;
const DIGITS = /^\d{1,15}$/;
const CR = 13;
const LF = 10;

export class MalformedAnswer extends Error {}

export interface AnswerListener {
  head(status: number, headers: AnswerHeaders): void;
  /** The bytes are the reader's: they are overwritten after the call. */
  body(bytes: Buffer): void;
}

type State = 'head' | 'counted' | 'size' | 'chunk' | 'chunk-end' | 'trailer' | 'until-close' | 'whole';

export class AnswerReader {
  readonly #listener: AnswerListener;
  #state: State = 'head';
  /** Of the head, or of a line, what has come. */
  #begun: Buffer | undefined;
  /** Bytes of the body, or of its chunk, that are to come. */
  #left = 0;
  #keepAlive = true;

  get whole(): boolean {
    return this.#state === 'whole';
  }

  /** Another request may follow on this connection. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** @throws MalformedAnswer */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) rest = this.#take(rest);
  }

  /** The connection has ended. Whether the answer is whole, which it is when nothing but its end told how long it is. */
  closed(): boolean {
    if (this.#state === 'until-close') this.#state = 'whole';
    return this.whole;
  }

  #take(bytes: Buffer): Buffer {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes);
      case 'counted':
      case 'chunk':
        return this.#takeCounted(bytes);
      case 'until-close':
        this.#listener.body(bytes);
        return bytes.subarray(bytes.length);
      case 'whole':
        throw new MalformedAnswer('bytes after the answer');
      default:
        return this.#takeLine(bytes);
    }
  }

  #takeHead(bytes: Buffer): Buffer {
    const all = this.#begun ? Buffer.concat([this.#begun, bytes]) : bytes;
    const end = all.indexOf(HEAD_END);
    if ((end < 0 ? all.length : end) > HEAD_BYTES_MAX) throw new MalformedAnswer('an endless head');
    if (end < 0) {
      this.#begun = Buffer.from(all);
      return bytes.subarray(bytes.length);
    }
    this.#begun = undefined;
    const [status, headers] = parseHead(all.toString('latin1', 0, end));
    // Interim answers say nothing of the call.
    if (status >= 200) this.#begin(status, headers);
    return all.subarray(end + HEAD_END.length);
  }

  #begin(status: number, headers: AnswerHeaders): void {
    const { 'transfer-encoding': coding, 'content-length': length, connection } = headers;
    this.#keepAlive = connection === undefined || (typeof connection === 'string' && connection.toLowerCase() === 'keep-alive');
    if (coding !== undefined && (length !== undefined || coding !== 'chunked')) throw new MalformedAnswer('a length that can not be known');
    if (length !== undefined && !(typeof length === 'string' && DIGITS.test(length))) throw new MalformedAnswer('a wrong content-length');
    this.#listener.head(status, headers);
    if (status === 204 || status === 304) return void (this.#state = 'whole');
    this.#left = Number(length ?? 0);
    this.#state = coding !== undefined ? 'size' : length !== undefined ? 'counted' : 'until-close';
    if (this.#state === 'until-close') this.#keepAlive = false;
    if (this.#state === 'counted' && this.#left === 0) this.#state = 'whole';
  }

  #takeCounted(bytes: Buffer): Buffer {
    const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= part.length;
    this.#listener.body(part);
    if (this.#left === 0) this.#state = this.#state === 'counted' ? 'whole' : 'chunk-end';
    return bytes.subarray(part.length);
  }

  #takeLine(bytes: Buffer): Buffer {
    const all = this.#begun ? Buffer.concat([this.#begun, bytes]) : bytes;
    const end = all.indexOf(LF);
    if ((end < 0 ? all.length : end) > LINE_BYTES_MAX) throw new MalformedAnswer('an endless line in a chunked body');
    if (end < 0) {
      this.#begun = Buffer.from(all);
      return bytes.subarray(bytes.length);
    }
    this.#begun = undefined;
    if (all[end - 1] !== CR) throw new MalformedAnswer('a line of a chunked body that does not end with CRLF');
    this.#line(all.toString('latin1', 0, end - 1));
    return all.subarray(end + 1);
  }

  #line(line: string): void {
    if (this.#state === 'size') {
      const size = CHUNK_SIZE.exec(line)?.[1];
      if (size === undefined) throw new MalformedAnswer('a chunk without a size');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left > 0 ? 'chunk' : 'trailer';
    } else if (this.#state === 'chunk-end') {
      if (line !== '') throw new MalformedAnswer('a chunk longer than its size');
      this.#state = 'size';
    } else if (line === '') {
      this.#state = 'whole';
    }
  }

  /** For the next answer on the same connection. */
  reset(): void {
    this.#state = 'head';
    this.#begun = undefined;
    this.#keepAlive = true;
  }
}

function parseHead(text: string): readonly [status: number, headers: AnswerHeaders] {
  const firstEnd = text.indexOf('\r\n');
  const status = STATUS_LINE.exec(firstEnd < 0 ? text : text.slice(0, firstEnd))?.[1];
  if (status === undefined) throw new MalformedAnswer('no status line of HTTP/1.1');
  const headers: Record<string, string | string[]> = {};
  for (let at = firstEnd < 0 ? text.length : firstEnd + 2; at < text.length;) {
    const next = text.indexOf('\r\n', at);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', at);
    const name = text.slice(at, Math.min(colon < 0 ? end : colon, end)).toLowerCase();
    if (colon < 0 || colon > end || !TOKEN.test(name)) throw new MalformedAnswer('a header line without a name');
    add(headers, name, text.slice(colon + 1, end).trim());
    at = end + 2;
  }
  return [Number(status), headers];
}

function add(headers: Record<string, string | string[]>, name: string, value: string): void {
  const known = headers[name];
  if (known === undefined) headers[name] = value;
  else if (typeof known === 'string') headers[name] = [known, value];
  else known.push(value);
}
