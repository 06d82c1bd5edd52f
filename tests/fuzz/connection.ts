import { connect, type Socket } from 'node:net';
import type { RawRequest } from './request.ts';

/** A stop for what never ends: no answer takes as long. */
const ANSWER_MS = 15_000;
const HEAD_END = '\r\n\r\n';

export interface RawAnswer {
  /** 0: the connection was closed without an answer; -1: nothing came at all. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection that takes any bytes, and is made anew when the server has closed it. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = true;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async send(request: RawRequest): Promise<RawAnswer> {
    const socket = this.#open();
    const late = setTimeout(() => socket.destroy(new Error('late')), ANSWER_MS);
    let isLate = false;
    socket.once('error', (error) => (isLate = error.message === 'late'));
    socket.write(request.bytes);
    if (request.isCut) socket.end();
    try {
      const answer = await this.#answer(request.method);
      if (isLate) return { status: -1, headers: {}, body: '' };
      if (request.isCut || request.isLast || /close/i.test(answer.headers['connection'] ?? '') || this.#received.length > 0 || answer.status < 200) this.close();
      return answer;
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    this.#socket?.resetAndDestroy();
    this.#socket = undefined;
    this.#isClosed = true;
  }

  #open(): Socket {
    if (this.#socket && !this.#isClosed) {
      this.#socket.removeAllListeners('error');
      return this.#socket;
    }
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    this.#isClosed = false;
    this.#received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return;
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // An error closes it too.
    socket.on('error', () => undefined);
    for (const event of ['close', 'end'] as const)
      socket.on(event, () => {
        if (socket !== this.#socket) return;
        this.#isClosed = true;
        this.#wake();
      });
    return socket;
  }

  /** Whether more has come; false: nothing more will. */
  async #more(): Promise<boolean> {
    const before = this.#received.length;
    if (this.#isClosed) return false;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#received.length > before || !this.#isClosed;
  }

  async #answer(method: string): Promise<RawAnswer> {
    for (;;) {
      let end = this.#received.indexOf(HEAD_END);
      while (end < 0) {
        if (!(await this.#more())) return { status: 0, headers: {}, body: this.#received.toString('latin1') };
        end = this.#received.indexOf(HEAD_END);
      }
      const [first = '', ...lines] = this.#received.toString('latin1', 0, end).split('\r\n');
      this.#received = this.#received.subarray(end + HEAD_END.length);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${first} `)?.[1] ?? Number.NaN);
      const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
      if (status >= 100 && status < 200 && status !== 101) continue;
      const isBare = method === 'HEAD' || status === 204 || status === 304;
      return { status, headers, body: isBare ? '' : (await this.#body(headers)).toString() };
    }
  }

  async #body(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    if (headers['transfer-encoding'] === 'chunked') return this.#chunks();
    // Without a length the end of the connection is the end of the body.
    const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
    while (this.#received.length < length) if (!(await this.#more())) break;
    const body = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(body.length);
    return body;
  }

  async #chunks(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      let end = this.#received.indexOf('\r\n');
      while (end < 0) {
        if (!(await this.#more())) return Buffer.concat(parts);
        end = this.#received.indexOf('\r\n');
      }
      const size = Number.parseInt(this.#received.toString('latin1', 0, end), 16);
      while (this.#received.length < end + 4 + size) if (!(await this.#more())) return Buffer.concat(parts);
      parts.push(this.#received.subarray(end + 2, end + 2 + size));
      this.#received = this.#received.subarray(end + 4 + size);
      if (size === 0) return Buffer.concat(parts);
    }
  }
}
