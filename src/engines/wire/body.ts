import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '../../contract/errors.ts';

/** Reads a whole body; more than `bytesMax` is a Fault. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Fault('payload_too_large', 'body_too_large', `The request body is longer than ${bytesMax} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Reads a JSON object (C32). */
export async function readObject(request: IncomingMessage, bytesMax: number): Promise<Record<string, unknown>> {
  const body = await readBody(request, bytesMax);
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('The request body is not valid JSON.', undefined, 'invalid_json');
  }
  if (!isObject(value)) throw invalid('The request body must be a JSON object.', undefined, 'invalid_json');
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
