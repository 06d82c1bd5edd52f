import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import { type Exchange, type FaultEncoder, Presence, type ReplySink } from '../data-plane/call.ts';
import { ResponseSink } from './sink.ts';

export interface ExchangeParts {
  readonly clock: Clock;
  /** A reader who takes nothing for so long is cut off. */
  readonly stallMs: number;
}

/** A node:http request and response as the request path sees them. */
export class HttpExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly presence = new Presence();
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #parts: ExchangeParts;

  constructor(request: IncomingMessage, response: ServerResponse, parts: ExchangeParts) {
    this.method = request.method ?? 'GET';
    this.path = pathOf(request);
    this.headers = request.headers;
    this.#request = request;
    this.#response = response;
    this.#parts = parts;
  }

  readBody(bytesMax: number): Promise<Buffer> {
    return readBody(this.#request, this.#response, bytesMax);
  }

  reply(faults: FaultEncoder): ReplySink {
    return new ResponseSink(this.#response, faults, this.#parts.clock, this.#parts.stallMs);
  }

  /** The response has been closed: by its end, or because the client has left. */
  closed(): void {
    if (!this.#response.writableFinished) this.presence.end();
  }
}

/** The path as sent, without the query (C86). */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** The whole body; refused before it is read when its length is given, and while it is read when it isn't. */
function readBody(request: IncomingMessage, response: ServerResponse, bytesMax: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return Promise.reject(new Fault('invalid_argument', 'unsupported_encoding', `Content-Encoding "${encoding}" is not accepted; send the body as it is.`));
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.reject(tooLarge(bytesMax));
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isWhole = false;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) return void chunks.push(chunk);
      request.pause();
      request.removeAllListeners('data');
      reject(tooLarge(bytesMax));
    });
    request.on('end', () => {
      isWhole = true;
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    // A broken connection is the client's leaving: node:http closes the request either way.
    request.on('close', () => {
      if (!isWhole) reject(clientLeft());
    });
  });
}

function clientLeft(): Fault {
  return new Fault('cancelled', 'client_left', 'The client left before its request was whole.');
}

function tooLarge(bytesMax: number): Fault {
  return new Fault('payload_too_large', 'body_too_large', `The request body is larger than ${bytesMax} bytes.`);
}
