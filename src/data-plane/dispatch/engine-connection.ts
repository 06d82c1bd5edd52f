import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';
import type { UpstreamControl, UpstreamListener, UpstreamRequest } from './upstream.ts';

/** Larger bodies are not copied into one piece with the head. */
const JOINED_BYTES_MAX = 65_536;
/** All connections read into this one: what is kept of it is copied. Reading is one system call and what is done with it, never two at once. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);
/** What no header may have. */
const UNPRINTABLE = /[^\t\x20-\x7e\x80-\xff]/;

/** One connection to an engine of our own, one request at a time. */
export class EngineConnection implements UpstreamControl {
  readonly #socket: Socket;
  readonly #free: (connection: EngineConnection) => void;
  readonly #reader = new AnswerReader({
    head: (status, headers) => this.#listener?.head(status, headers),
    body: (bytes) => this.#listener?.data(this.#listener.copies ? bytes : Buffer.from(bytes), this),
  });
  #listener: UpstreamListener | undefined;
  #paused = false;
  #error: Error | undefined;

  /** `free`: the connection can take another request. `gone`: it is closed, whatever for. */
  constructor(to: NetConnectOpts, { free, gone }: { free(connection: EngineConnection): void; gone(connection: EngineConnection): void }) {
    this.#free = free;
    const onread = { buffer: READ_BUFFER, callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ ...to, noDelay: true, onread });
    this.#socket.on('error', (error) => (this.#error ??= error));
    this.#socket.on('close', () => {
      gone(this);
      this.#closed();
    });
  }

  /** Whether a request may be sent. */
  get open(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(method: 'GET' | 'POST', { path, headers, body }: UpstreamRequest, listener: UpstreamListener): void {
    this.#listener = listener;
    this.#reader.reset();
    listener.begun(this);
    const pieces = Buffer.isBuffer(body) ? [body] : body;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    let head = `${method} ${path} HTTP/1.1\r\nhost: engine\r\nconnection: keep-alive\r\ncontent-length: ${bytes}\r\n`;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const value = headers[i + 1] ?? '';
      if (UNPRINTABLE.test(value)) return this.abort(new TypeError(`the header ${headers[i]} has a character that no header may have`));
      head += `${headers[i]}: ${value}\r\n`;
    }
    head += '\r\n';
    const socket = this.#socket;
    if (bytes <= JOINED_BYTES_MAX) {
      for (const piece of pieces) head += piece.toString('latin1');
      socket.write(head, 'latin1');
      return;
    }
    socket.cork();
    socket.write(head, 'latin1');
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  abort(reason: Error): void {
    this.#error ??= reason;
    this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: number): boolean {
    try {
      if (!this.#listener) throw new Error('an engine spoke without being asked');
      this.#reader.push(READ_BUFFER.subarray(0, bytes));
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
    // Not before all that came with it has been read: who is told of the end may send the next request at once.
    if (this.#reader.whole) this.#end();
    return !this.#paused;
  }

  #end(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (this.#reader.keepAlive && !this.#paused) this.#free(this);
    else this.#socket.destroy();
    listener?.ended();
  }

  /** The end of a connection ends the answer, when nothing else tells its length. */
  #closed(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    const isWhole = !this.#error && this.#reader.closed();
    listener?.ended(isWhole ? undefined : (this.#error ?? new Error('the engine closed the connection in the middle of its answer')));
  }
}
