import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readBody, unsupportedEncoding } from './body.ts';
import { acceptedEncoding, COMPRESSION_LEVEL, isCompressible } from './content-encoding.ts';

const COMPRESSORS = { gzip: promisify(gzip), deflate: promisify(deflate) };

/** Compressed JSON bodies and answers on the control API, as on the inference routes (C74). */
export function addCompression(app: FastifyInstance): void {
  // Runs once the key has been seen.
  app.addHook('preParsing', async (request, _reply, payload) => {
    const coding = request.headers['content-encoding'];
    if (coding === undefined || coding === 'identity' || request.is404) return payload;
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw unsupportedEncoding('Only JSON may be sent compressed here: the bytes of a file are named by what they are.');
    }
    return inflated(request);
  });
  app.addHook('onSend', async (request, reply, payload) => compressed(request, reply, payload));
}

async function inflated(request: FastifyRequest): Promise<Readable & { receivedEncodedLength: number }> {
  const body = await readBody(request.raw, { bytesMax: request.routeOptions.bodyLimit });
  // fastify compares it with the length that the head tells.
  return Object.assign(Readable.from(body.length > 0 ? [body] : []), { receivedEncodedLength: Number(request.headers['content-length'] ?? 0) });
}

async function compressed(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload instanceof Uint8Array ? payload.length : 0;
  if (!isCompressible({ ...reply.getHeaders(), 'content-length': bytes })) return payload;
  reply.header('vary', 'accept-encoding');
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  if (!encoding) return payload;
  const result = await COMPRESSORS[encoding](payload as string | Uint8Array, { level: COMPRESSION_LEVEL });
  reply.header('content-encoding', encoding).removeHeader('content-length');
  return result;
}
