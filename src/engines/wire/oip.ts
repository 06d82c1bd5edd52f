import type { IncomingMessage } from 'node:http';
import { decodeInferRequest, decodeRawRequest, encodeInferReply, OIP_HEADER_LENGTH, parseHeaderLength, type EncodedReply, type InferRequest } from '../../contract/oip-binary.ts';
import { checkAgainstSignature } from '../../contract/oip-signature.ts';
import type { TensorEngine } from '../engine.ts';
import { cutFault } from './answer.ts';
import { readBody } from './body.ts';
import type { WireHandler } from './context.ts';

/** `POST /v2/models/{m}/infer`, as JSON or with the binary extension; the host answers a Fault as `{"error": "…"}`. */
export const handleOip: WireHandler<TensorEngine> = async (engine, request, response, context) => {
  const infer = await readRequest(engine, request, context.bodyBytesMax);
  checkAgainstSignature(infer, engine.signature);
  const outputs = await engine
    .infer(
      infer.inputs,
      infer.outputs.map(({ name }) => name),
      context.signal,
    )
    .catch((error: unknown) => {
      throw context.signal.aborted ? cutFault(context) : error;
    });
  if (context.signal.aborted) throw cutFault(context);
  const reply = encodeInferReply({ modelName: context.modelName, ...(infer.id !== undefined && { id: infer.id }), outputs }, infer);
  response.writeHead(200, headersOf(reply));
  for (const chunk of reply.chunks) response.write(chunk);
  response.end();
};

async function readRequest(engine: TensorEngine, request: IncomingMessage, bodyBytesMax: number): Promise<InferRequest> {
  const value = request.headers[OIP_HEADER_LENGTH];
  const headerLength = parseHeaderLength(Array.isArray(value) ? value.join() : value);
  const body = await readBody(request, bodyBytesMax);
  return headerLength === 0 ? decodeRawRequest(body, engine.signature) : decodeInferRequest(body, headerLength);
}

function headersOf({ chunks, headerLength, contentType }: EncodedReply): Record<string, string | number> {
  return {
    'content-type': contentType,
    'content-length': chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    ...(headerLength !== undefined && { [OIP_HEADER_LENGTH]: headerLength }),
  };
}
