import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { type Exchange, type FaultEncoder, Presence, type ReplySink } from '../data-plane/call.ts';
import { readBody } from './body.ts';
import { CompressingSink } from './compressing-sink.ts';
import type { Exposure } from './exposure.ts';
import { ResponseSink } from './sink.ts';

export interface ExchangeParts {
  readonly clock: Clock;
  readonly exposure: Pick<Exposure, 'addressOf'>;
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

  get address(): string {
    return this.#parts.exposure.addressOf(this.#request);
  }

  readBody(bytesMax: number): Promise<Buffer> {
    const waits = this.#request.headers.expect?.toLowerCase() === '100-continue';
    return readBody(this.#request, { bytesMax, ...(waits && { begin: () => this.#response.writeContinue() }) });
  }

  reply(faults: FaultEncoder): ReplySink {
    const sink = new ResponseSink(this.#response, faults, this.#parts.clock, this.#parts.stallMs);
    const accepts = this.headers['accept-encoding'];
    return accepts === undefined ? sink : new CompressingSink(sink, accepts);
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
