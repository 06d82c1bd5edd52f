import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { Fault, invalid } from '../contract/errors.ts';

/** How a body may be compressed on its way here. `deflate` is zlib's format (RFC 9110). */
const INFLATERS: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
]);
/** So many pieces are joined into one: a body sent byte by byte would take a hundred times its size. */
const PIECES_MAX = 1_024;

export interface BodyOptions {
  readonly bytesMax: number;
  /** Called once the body is to be read: what its head says is accepted. */
  begin?(): void;
}

/** A request's whole body, decompressed; at most `bytesMax` both as sent and as it is meant (S24, S26). @throws Fault when it is larger, broken or compressed in another way */
export async function readBody(request: IncomingMessage, { bytesMax, begin }: BodyOptions): Promise<Buffer> {
  const inflater = inflaterOf(request.headers);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  begin?.();
  return receive(request, inflater, bytesMax);
}

/** Undefined: the body is sent as it is. */
function inflaterOf(headers: IncomingHttpHeaders): Transform | undefined {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return undefined;
  const create = INFLATERS.get(coding);
  if (!create) throw unsupportedEncoding(`Content-Encoding "${coding.slice(0, 60)}" is not accepted; send gzip, deflate (zlib), or the body as it is.`);
  return create();
}

export function unsupportedEncoding(message: string): Fault {
  return new Fault('unsupported_media_type', 'unsupported_encoding', message);
}

function receive(request: IncomingMessage, inflater: Transform | undefined, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const body = new Pieces();
    let sent = 0;
    let isWhole = false;
    const refuse = (fault: Fault) => {
      request.pause();
      request.removeAllListeners('data');
      inflater?.removeAllListeners('data').destroy();
      reject(fault);
    };
    const keep = (piece: Buffer) => {
      body.add(piece);
      if (body.bytes > bytesMax) refuse(tooLarge(bytesMax));
    };
    if (inflater) {
      inflater.on('data', keep);
      inflater.on('end', () => resolve(body.join()));
      inflater.on('error', () => refuse(invalid(`The request body is not what its Content-Encoding says: it can't be decompressed.`, undefined, 'invalid_encoding')));
      inflater.on('drain', () => request.resume());
    }
    request.on('data', (chunk: Buffer) => {
      if (!inflater) return keep(chunk);
      sent += chunk.length;
      // Compressed data may go on for ever and mean nothing.
      if (sent > bytesMax) return refuse(tooLarge(bytesMax));
      if (!inflater.write(chunk)) request.pause();
    });
    request.on('end', () => {
      isWhole = true;
      if (inflater) inflater.end();
      else resolve(body.join());
    });
    // A broken connection is the client's leaving: node:http closes the request either way.
    request.on('close', () => {
      if (!isWhole) refuse(clientLeft());
    });
  });
}

/** Bytes as they come, in pieces that are not too many. */
class Pieces {
  bytes = 0;
  readonly #pieces: Buffer[] = [];
  #small: Buffer[] = [];

  add(piece: Buffer): void {
    this.bytes += piece.length;
    this.#small.push(piece);
    if (this.#small.length >= PIECES_MAX) this.#pieces.push(this.#joinSmall());
  }

  join(): Buffer {
    const [only] = this.#small;
    if (only && this.#small.length === 1 && this.#pieces.length === 0) return only;
    return Buffer.concat([...this.#pieces, ...this.#small], this.bytes);
  }

  #joinSmall(): Buffer {
    const joined = Buffer.concat(this.#small);
    this.#small = [];
    return joined;
  }
}

function clientLeft(): Fault {
  return new Fault('cancelled', 'client_left', 'The client left before its request was whole.');
}

function tooLarge(bytesMax: number): Fault {
  return new Fault('payload_too_large', 'body_too_large', `The request body is larger than ${bytesMax} bytes.`);
}
