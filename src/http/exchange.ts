import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../contract/errors.ts';
import type { Exchange, FaultEncoder, ReplySink } from '../data-plane/call.ts';
import { ResponseSink } from './sink.ts';

/** A node:http request and response as the request path sees them. */
export function exchangeOf(request: IncomingMessage, response: ServerResponse, clock: Clock): Exchange {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    method: request.method ?? 'GET',
    path: pathOf(request),
    headers: request.headers,
    signal: gone.signal,
    readBody: (bytesMax) => readBody(request, response, bytesMax),
    reply: (faults: FaultEncoder): ReplySink => new ResponseSink(response, faults, clock),
  };
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
      if (bytes > bytesMax) {
        request.pause();
        request.removeAllListeners('data');
        reject(tooLarge(bytesMax));
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () => {
      isWhole = true;
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    // A broken connection is the client's leaving, whatever node:http calls it.
    request.once('error', (cause) => reject(clientLeft(cause)));
    request.once('close', () => {
      // Every request closes in the end; an error with its stack is made only for one that was cut.
      if (!isWhole) reject(clientLeft(undefined));
    });
  });
}

function clientLeft(cause: unknown): Fault {
  return new Fault('cancelled', 'client_left', 'The client left before its request was whole.', { cause });
}

function tooLarge(bytesMax: number): Fault {
  return new Fault('payload_too_large', 'body_too_large', `The request body is larger than ${bytesMax} bytes.`);
}
